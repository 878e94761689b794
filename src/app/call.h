/* One request under way, as the handlers of the routes see it: what they may use, and where their answer goes. */
#ifndef SYNCHRONY_APP_CALL_H
#define SYNCHRONY_APP_CALL_H

#include "app/exchange.h"
#include "app/service.h"
#include "model/json_document.h"

struct call {
    struct service *service;
    const struct exchange *exchange;
    struct http_request request;
    struct http_response *response;
    struct problem problem; /* of a handler that returns a failure */
    struct arena *arena;    /* the request's memory */
    struct document_reader *reader;
};

#endif
