/* The framing of FastCGI (specification of 29 April 1996, section 3.3), as far as it takes to tell whether a request has come whole.
 *
 * libfcgi reads a request by blocking reads. Who may not block looks here first. */
#ifndef SYNCHRONY_CGI_BIN_FRAMING_H
#define SYNCHRONY_CGI_BIN_FRAMING_H

#include "base/bytes.h"

/* Does data, what has come over a new connection so far, hold a request up to its end: the empty record of FCGI_STDIN? Data that is no
 * FastCGI counts as whole: reading it will fail at once. */
bool framing_is_whole(struct bytes data);

#endif
