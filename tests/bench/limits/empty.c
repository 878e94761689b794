/* The least that a libfcgi responder can do: reads the body and answers 201 with fixed bytes. What a web server and libfcgi leave for
 * others to spend.
 *
 * BENCH_THREADS  how many threads accept; 1 unless given. */
#include <fcgiapp.h>
#include <pthread.h>
#include <stdlib.h>

enum { THREADS_MAX = 64, BODY_BYTES = 64 * 1024 };

static void *serve(void *unused)
{
    char body[BODY_BYTES];
    FCGX_Request request;

    FCGX_InitRequest(&request, 0, 0);
    while (FCGX_Accept_r(&request) == 0) {
        while (FCGX_GetStr(body, sizeof body, request.in) > 0)
            ;
        FCGX_PutS("Status: 201 Created\r\nContent-Type: application/json\r\nContent-Length: 40\r\n\r\n"
                  "{\"message\":\"Data inserted successfully\"}",
                  request.out);
        FCGX_Finish_r(&request);
    }
    return unused;
}

int main(void)
{
    const char *wanted = getenv("BENCH_THREADS");
    int n = wanted ? atoi(wanted) : 1;
    pthread_t thread;

    FCGX_Init();
    for (int i = 1; i < n && i < THREADS_MAX; i++)
        pthread_create(&thread, NULL, serve, NULL);
    serve(NULL);
    return 0;
}
