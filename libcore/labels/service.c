#include "labels/service.h"

const char *const service_labels[SERVICE_LABELS] = {
	"service",
	"app",
	"application",
	"app_name",
	"name",
	"app_kubernetes_io_name",
	"container",
	"container_name",
	"k8s_container_name",
	"component",
	"workload",
	"job",
	"k8s_job_name",
};

struct bytes service_name_among(const struct labels *l, const char *const *from, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct bytes v = labels_get(l, from[i]);

		if (v.n)
			return v;
	}
	return BYTES_LIT("unknown_service");
}

struct bytes service_name_of(const struct labels *l)
{
	return service_name_among(l, service_labels, SERVICE_LABELS);
}
