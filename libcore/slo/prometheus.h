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

/* One of several series: name is the value of its label, or all of them as a="b", c="d". */
typedef int prometheus_group_fn(void *data, struct bytes name, const struct slo_value *v,
				struct err *e);

/* Asks for a number of each series. Errors: as slo_source.values, and those of each. */
MUST_CHECK int prometheus_groups(struct prometheus *p, struct bytes query, int64_t at_ns,
				 prometheus_group_fn *each, void *data, struct err *e);
/* What a body has. */
MUST_CHECK int prometheus_read_groups(struct bytes body, prometheus_group_fn *each, void *data,
				      struct err *e);

#endif
