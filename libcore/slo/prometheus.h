/* A Prometheus, or a server with Loki's API, that is asked: both answer in one form. */
#ifndef SLO_PROMETHEUS_H
#define SLO_PROMETHEUS_H

#include "httpc/options.h"
#include "slo/source.h"

enum { PROMETHEUS_ANSWER_MAX = 16 << 20, PROMETHEUS_SERIES_MAX = 100000 };

enum prometheus_api { PROMETHEUS_API, PROMETHEUS_LOKI_API };

struct prometheus;

/* Credentials are read into given, which must outlive it as url and tenant do. tenant: for the
 * header, or empty. warn: told of what the server warns of. Errors: as httpc_given_read and
 * httpc_open. */
MUST_CHECK int prometheus_open(const char *url, enum prometheus_api api, struct httpc_given *given,
			       struct bytes tenant, void (*warn)(void *data, const struct err *e),
			       void *data, struct prometheus **ret, struct err *e);
void prometheus_close(struct prometheus *p);

struct slo_source prometheus_source(struct prometheus *p);

/*
 * What a body has: as slo_source.values. warn may be NULL.
 */
MUST_CHECK int prometheus_read(struct bytes body, const struct slo_times *at, struct slo_value *ret,
			       void (*warn)(void *data, const struct err *e), void *data,
			       struct err *e);

#endif
