/* GET /openapi.json: the HTTP interface as an OpenAPI 3.1 document (deploy/openapi.json), for machines.
 *
 * The program carries the text: it reads no file. tests/http holds every answer of the tests against it. */
#ifndef SYNCHRONY_APP_OPENAPI_H
#define SYNCHRONY_APP_OPENAPI_H

#include "app/call.h"

/* Made at build (build-aux/embed-text), with the version of the program. */
extern const char openapi_text[];

/* Answers with the whole document and its ETag, or 304 to a client that has it. */
enum status openapi_answer(struct call *call) MUST_USE;

#endif
