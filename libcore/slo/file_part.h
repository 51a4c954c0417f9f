/* What the forms of files of objectives are read with: values, with every fault reported. */
#ifndef SLO_FILE_PART_H
#define SLO_FILE_PART_H

#include "slo/file.h"

/* Of one file. */
struct slo_file {
	struct slo_set *set;
	const struct slo_file_opts *opts;
	struct report *report;
	const char *name;
	size_t first;			    /* of the set's objectives, which of this file */
	const struct yaml_node **indicator; /* OpenSLO's, by name: documents of kind SLI */
	size_t n_indicators, cap_indicators;
	struct openslo_later *later; /* objectives that name one */
	size_t n_later, cap_later;
};

/* A map, whose keys are all among the names (NULL ends them): false, and a fault, when it is none.
 * Other keys are warned of. what: "an objective". */
bool file_check_map(struct slo_file *f, const struct yaml_node *n, const char *what,
		    const char *const *names);

/* The text of a key; empty when it is not there, or null; a fault when it is no text. */
struct bytes file_text(struct slo_file *f, const struct yaml_node *map, const char *key);

/* The same of one that must be there. */
struct bytes file_need(struct slo_file *f, const struct yaml_node *map, const char *key,
		       const char *what);

/* A map of texts. */
struct slo_pairs file_pairs(struct slo_file *f, const struct yaml_node *map, const char *key);

/* Both; what b has goes before what a has of that name. */
struct slo_pairs file_join(struct slo_file *f, struct slo_pairs a, struct slo_pairs b);

bool file_flag(struct slo_file *f, const struct yaml_node *map, const char *key);

/* A new objective of this file; NULL, and a fault, when there are too many. */
struct slo *file_add(struct slo_file *f, const struct yaml_node *at);

/* A query: it must have a {{.window}}. */
struct bytes file_query(struct slo_file *f, const struct yaml_node *map, const char *key);

/* Faults and doubts that all forms share: no name, a name twice, no query, a good bucket for a bad
 * one. */
void file_check_slo(struct slo_file *f, const struct slo *o, const struct yaml_node *at);

/* The forms; each reads one document. */
void file_read_slos(struct slo_file *f, const struct yaml_node *root);
/* sloth's PrometheusServiceLevel: that list as an object of Kubernetes. */
void file_read_object(struct slo_file *f, const struct yaml_node *root);
void file_read_openslo(struct slo_file *f, const struct yaml_node *root);
/* When all documents are read. */
void file_end_openslo(struct slo_file *f);

#endif
