/* A plain CGI request (RFC 3875): variables in the environment, body on standard input, answer on standard output. */
#ifndef SYNCHRONY_CGI_BIN_CGI_H
#define SYNCHRONY_CGI_BIN_CGI_H

#include "app/service.h"

/* Answers the one request this process was started for. Returns STATUS_CLIENT_GONE when the answer is not whole. */
enum status cgi_serve(struct service *service) MUST_USE;

#endif
