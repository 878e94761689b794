#include "cgi-bin/reader.h"

enum { QUEUE_MAX = 256 };

static struct flight *next(struct readers *readers)
{
    pthread_mutex_lock(&readers->lock);
    readers->n_idle++;
    while (!readers->first && !readers->is_stopping)
        pthread_cond_wait(&readers->work, &readers->lock);
    readers->n_idle--;
    struct flight *flight = readers->first;
    if (flight) {
        readers->first = flight->next;
        readers->n_queued--;
    }
    pthread_mutex_unlock(&readers->lock);
    return flight;
}

static void *reader_main(void *context)
{
    struct readers *readers = context;
    struct worker *worker = worker_new(readers->service);
    struct flight *flight;

    while (worker && (flight = next(readers)) != NULL)
        flight_end(readers->flights, flight, worker_run(worker, flight->call));
    worker_free(worker);
    crew_leave(readers->crew);
    return NULL;
}

static void append(struct readers *readers, struct flight *flight)
{
    flight->next = NULL;
    if (readers->first)
        readers->last->next = flight;
    else
        readers->first = flight;
    readers->last = flight;
    readers->n_queued++;
    pthread_cond_signal(&readers->work);
}

bool readers_queue(struct readers *readers, struct flight *flight)
{
    pthread_mutex_lock(&readers->lock);
    if (readers->n_idle <= readers->n_queued && readers->n_threads < readers->service->config->reader_connections)
        readers->n_threads += crew_start(readers->crew, reader_main, readers);
    bool queued = readers->n_threads && readers->n_queued < QUEUE_MAX;
    if (queued)
        append(readers, flight);
    pthread_mutex_unlock(&readers->lock);
    return queued;
}

void readers_stop(struct readers *readers)
{
    pthread_mutex_lock(&readers->lock);
    readers->is_stopping = true;
    pthread_cond_broadcast(&readers->work);
    pthread_mutex_unlock(&readers->lock);
}
