/* What lokid asks of a bucket, by what it does there; and whether policies grant it. */
#ifndef COST_IAM_NEEDS_H
#define COST_IAM_NEEDS_H

#include "cost/iam.h"

enum iam_purpose {
	IAM_FOR_READ,
	IAM_FOR_WRITE,
	IAM_FOR_RETENTION, /* all that deletes: compaction and delete requests, too */
	IAM_FOR_UPLOADS,   /* to end those that somebody left behind */
	IAM_FOR_LIFECYCLE, /* rules by which the bucket moves objects itself */
	IAM_PURPOSES
};
extern const char *const iam_purpose_names[]; /* NULL ends them */

struct iam_need {
	const char *action;
	enum iam_purpose purpose;
	enum iam_reach reach; /* IAM_ALONE, IAM_LISTED: the bucket; IAM_ALL_BELOW: its objects */
};
struct iam_finding {
	const struct iam_need *need;
	bool required; /* for what was asked; others are told, and missing they do no harm */
	struct bytes resource; /* "arn:aws:s3:::logs/prod/" begins those asked for, if all below */
	struct iam_answer answer;
};

/* Of this bucket, and below the prefix in it ("" or "prod/"): purposes has a bit for each that is
 * required. The findings, one for each need, lie in the arena. */
const struct iam_finding *iam_find(const struct iam *p, const struct iam_bucket *bucket,
				   struct bytes prefix, unsigned purposes, struct arena *a,
				   size_t *ret_n);
/* How many that are required are not granted. */
size_t iam_count_missing(const struct iam_finding *v, size_t n);

#endif
