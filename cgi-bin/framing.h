/* The framing of FastCGI (specification of 29 April 1996, section 3.3), as far as it takes to tell whether a request has come whole.
 *
 * libfcgi reads a request by blocking reads. Who may not block looks here first. */
#ifndef SYNCHRONY_CGI_BIN_FRAMING_H
#define SYNCHRONY_CGI_BIN_FRAMING_H

#include "base/bytes.h"

enum framing {
    FRAMING_PARTIAL, /* the beginning of a request, or nothing yet */
    FRAMING_WHOLE,   /* a request from FCGI_BEGIN_REQUEST to the ends of its FCGI_PARAMS and its FCGI_STDIN */
    FRAMING_INVALID  /* no request that a web server sends */
};

/* How does data, what has come over a new connection so far, stand? */
enum framing framing_judge(struct bytes data);

#endif
