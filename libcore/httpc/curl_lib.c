#include "httpc/curl_lib.h"

#include <stdbool.h>
#include <string.h>

#include "base/dynlib.h"

int curl_lib_load(struct curl_lib *lib, struct err *e)
{
	static const char *const names[] = { "libcurl.so.4", "libcurl-gnutls.so.4" };
	const struct dynlib_function v[] = {
		{ "curl_global_init", &lib->global_init },
		{ "curl_global_cleanup", &lib->global_cleanup },
		{ "curl_getdate", &lib->getdate },
		{ "curl_easy_init", &lib->easy_init },
		{ "curl_easy_cleanup", &lib->easy_cleanup },
		{ "curl_easy_reset", &lib->easy_reset },
		{ "curl_easy_setopt", &lib->easy_setopt },
		{ "curl_easy_perform", &lib->easy_perform },
		{ "curl_easy_getinfo", &lib->easy_getinfo },
		{ "curl_easy_strerror", &lib->easy_strerror },
		{ "curl_slist_append", &lib->slist_append },
		{ "curl_slist_free_all", &lib->slist_free_all },
		{ "curl_multi_init", &lib->multi_init },
		{ "curl_multi_cleanup", &lib->multi_cleanup },
		{ "curl_multi_add_handle", &lib->multi_add_handle },
		{ "curl_multi_remove_handle", &lib->multi_remove_handle },
		{ "curl_multi_perform", &lib->multi_perform },
		{ "curl_multi_poll", &lib->multi_poll },
		{ "curl_multi_info_read", &lib->multi_info_read },
		{ "curl_multi_strerror", &lib->multi_strerror },
	};

	return dynlib_load(names,
			   "libcurl, which speaks to servers, is not here (libcurl.so.4; in "
			   "Debian the package libcurl4t64, before 13 libcurl4)",
			   v, sizeof(v) / sizeof(*v), e);
}

/* Is it something that may be otherwise in a moment? */
static bool may_pass(CURLcode rc)
{
	switch (rc) {
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_URL_MALFORMAT:
	case CURLE_FAILED_INIT:
	case CURLE_NOT_BUILT_IN:
	case CURLE_BAD_FUNCTION_ARGUMENT:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CIPHER:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_ENGINE_NOTFOUND:
	case CURLE_SSL_ENGINE_SETFAILED:
		return false;
	default:
		return true;
	}
}

/* What the libraries of TLS say of an answer that is none, as that of a plain server. */
static bool is_plain(const char *why)
{
	static const char *const texts[] = { "wrong version number", "packet length too long",
					     "unexpected TLS packet", "unexpected message" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (strstr(why, texts[i]))
			return true;
	return false;
}

bool curl_lib_is_strange(CURLcode rc, const char *detail)
{
	return rc == CURLE_UNSUPPORTED_PROTOCOL || /* an answer without a head */
	       (rc == CURLE_SSL_CONNECT_ERROR && is_plain(detail));
}

int curl_lib_failure(const struct curl_lib *lib, CURLcode rc, const char *detail, const char *url,
		     struct err *e)
{
	const char *why = detail[0] ? detail : lib->easy_strerror(rc);

	if (rc == CURLE_SSL_CONNECT_ERROR && is_plain(why))
		return err_set(e, ERR_USAGE,
			       "%s: the server does not speak TLS there: with http:// it may "
			       "answer (%s)",
			       url, why);
	if (rc == CURLE_GOT_NOTHING && strncmp(url, "http://", 7) == 0)
		return err_set(e, ERR_AGAIN, "%s: %s (does it speak TLS there? then https://)", url,
			       why);
	return err_set(e, may_pass(rc) ? ERR_AGAIN : ERR_USAGE, "%s: %s", url, why);
}
