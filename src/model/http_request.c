#include "model/http_request.h"

#include <string.h>

static const char *const method_names[] = {
    [HTTP_GET] = "GET", [HTTP_HEAD] = "HEAD", [HTTP_POST] = "POST", [HTTP_OPTIONS] = "OPTIONS"
};
_Static_assert(sizeof method_names / sizeof method_names[0] == HTTP_OTHER, "a name for each method but the others");

const char *http_method_name(enum http_method method)
{
    return method < HTTP_OTHER ? method_names[method] : "other";
}

static enum http_method method_of(struct bytes text)
{
    unsigned method = 0;

    while (method < HTTP_OTHER && !bytes_equal(text, bytes_of(method_names[method])))
        method++;
    return (enum http_method)method;
}

static bool is_request_id(struct bytes text)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";

    return text.len >= 1 && text.len <= 64 && strspn(text.p, allowed) == text.len;
}

/* What follows the first "/synchrony_data_analytics" that is a whole segment of path. */
static struct bytes below_resource(const char *path)
{
    static const size_t len = sizeof HTTP_RESOURCE - 1;

    for (const char *at = path; (at = strstr(at, HTTP_RESOURCE)) != NULL; at += len) {
        if (at[len] == '\0' || at[len] == '/')
            return bytes_of(at + len);
    }
    return (struct bytes){ 0 };
}

enum status http_request_read(http_variable *variable, void *context, struct arena *arena, struct http_request *request)
{
    struct bytes script_name = bytes_of(variable(context, "SCRIPT_NAME"));
    struct bytes path_info = bytes_of(variable(context, "PATH_INFO"));
    char *path = arena_alloc(arena, script_name.len + path_info.len + 1);

    if (!path)
        return STATUS_NO_MEMORY;
    if (script_name.len)
        memcpy(path, script_name.p, script_name.len);
    if (path_info.len)
        memcpy(path + script_name.len, path_info.p, path_info.len);
    path[script_name.len + path_info.len] = '\0';

    *request = (struct http_request){
        .method = method_of(bytes_of(variable(context, "REQUEST_METHOD"))),
        .path = below_resource(path),
        .query = bytes_of(variable(context, "QUERY_STRING")),
        .request_id = bytes_of(variable(context, "HTTP_X_REQUEST_ID")),
        .origin = bytes_of(variable(context, "HTTP_ORIGIN")),
        .content_type = bytes_of(variable(context, "CONTENT_TYPE")),
        .content_encoding = bytes_of(variable(context, "HTTP_CONTENT_ENCODING")),
        .prefer = bytes_of(variable(context, "HTTP_PREFER")),
        .content_length = bytes_of(variable(context, "CONTENT_LENGTH")),
    };
    if (!is_request_id(request->request_id))
        request->request_id = (struct bytes){ 0 };
    return STATUS_OK;
}

bool http_request_prefers(const struct http_request *request, struct bytes preference)
{
    struct bytes list = request->prefer;
    struct bytes member, name;

    while (list.len) {
        bytes_cut(&list, ',', &member);
        bytes_cut(&member, ';', &name);
        if (bytes_equal_nocase(bytes_trim(name, " \t"), preference))
            return true;
    }
    return false;
}
