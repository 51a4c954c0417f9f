/* What is used of libcurl, which is loaded when it is first needed. Only httpc/ sees it. */
#ifndef HTTPC_CURL_LIB_H
#define HTTPC_CURL_LIB_H

#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>
#include <stdbool.h>

#include "base/err.h"

struct curl_lib {
	__typeof__(curl_global_init) *global_init;
	__typeof__(curl_global_cleanup) *global_cleanup;
	__typeof__(curl_getdate) *getdate;
	__typeof__(curl_easy_init) *easy_init;
	__typeof__(curl_easy_cleanup) *easy_cleanup;
	__typeof__(curl_easy_reset) *easy_reset;
	__typeof__(curl_easy_setopt) *easy_setopt;
	__typeof__(curl_easy_perform) *easy_perform;
	__typeof__(curl_easy_getinfo) *easy_getinfo;
	__typeof__(curl_easy_strerror) *easy_strerror;
	__typeof__(curl_slist_append) *slist_append;
	__typeof__(curl_slist_free_all) *slist_free_all;
	__typeof__(curl_multi_init) *multi_init;
	__typeof__(curl_multi_cleanup) *multi_cleanup;
	__typeof__(curl_multi_add_handle) *multi_add_handle;
	__typeof__(curl_multi_remove_handle) *multi_remove_handle;
	__typeof__(curl_multi_perform) *multi_perform;
	__typeof__(curl_multi_poll) *multi_poll;
	__typeof__(curl_multi_info_read) *multi_info_read;
	__typeof__(curl_multi_strerror) *multi_strerror;
};

/* The library stays loaded: others of its libraries keep threads and handlers. Errors: ERR_IO. */
MUST_CHECK int curl_lib_load(struct curl_lib *ret, struct err *e);

/* Whether what is spoken there is not HTTP, or not TLS; detail as below. */
bool curl_lib_is_strange(CURLcode rc, const char *detail);

/* Why a request came to no whole answer: ERR_AGAIN, or ERR_USAGE when no retry can help. detail is
 * what CURLOPT_ERRORBUFFER has. */
int curl_lib_failure(const struct curl_lib *lib, CURLcode rc, const char *detail, const char *url,
		     struct err *e);

#endif
