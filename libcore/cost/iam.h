/*
 * What IAM policies grant on a bucket: of an action, on one resource or on all below a prefix. It
 * is decided exactly, by following all patterns over all names that there are; one on which it is
 * not granted is named. What else may deny (boundaries, an organisation's policies, the bucket's
 * own) is only known if it is added. For one thread.
 */
#ifndef COST_IAM_H
#define COST_IAM_H

#include "base/err.h"
#include "cost/iam_glob.h"

struct iam_globs {
	const struct iam_glob *v;
	size_t n;
	bool is_not; /* NotAction, NotResource: all but these */
};

struct iam_statement {
	const char *file;
	uint32_t line;
	uint32_t number;  /* in its policy, from 1 */
	struct bytes sid; /* empty: it has none */
	bool allows;
	const char *depends_on; /* "its Condition" or "its Principal"; NULL: it always holds */
	/* Whether that is a Condition of s3:prefix alone, and for which listings it is fulfilled.
	 */
	bool has_listing;
	struct iam_globs action, resource, listing;
};

/* Statements of all policies that were added. {0} is a valid empty one. */
struct iam {
	struct iam_statement *v;
	size_t n, cap;
	struct arena mem;
};
void iam_release(struct iam *p);

/*
 * Adds a policy: a document with Version and Statement; or what AWS's command line prints with one
 * in it (PolicyVersion, PolicyDocument, Document, RolePolicyList, RoleDetailList and others: all
 * that there are; of PolicyVersionList the default one), and lists of these. file must stay as long
 * as p.
 * Errors, "FILE:LINE:COL: ...": ERR_CORRUPT, no JSON, an element that is missing, unknown or of a
 * wrong type; no policy; ERR_LIMIT.
 */
MUST_CHECK int iam_add(struct iam *p, struct bytes text, const char *file, struct err *e);

enum iam_state {
	IAM_GRANTED,
	IAM_GRANTED_UNLESS, /* but a Deny may hold, as its Condition is fulfilled or not */
	IAM_PERHAPS,	    /* only by an Allow that may hold or not */
	IAM_MISSING,	    /* no statement allows it */
	IAM_DENIED,
	IAM_STATES
};

struct iam_answer {
	bool seen[IAM_STATES]; /* of which some resource that was asked for is */
	struct {
		struct bytes resource;		/* one of these, among the shortest; in the arena */
		const struct iam_statement *by; /* that decides; NULL of IAM_MISSING */
	} of[IAM_STATES];
	bool too_intricate; /* the patterns lead to too many cases: it is not known of all */
};

/* On resource alone, or on all that begin with it and go on; IAM_LISTED is for iam_ask_listings. */
enum iam_reach { IAM_ALONE, IAM_ALL_BELOW, IAM_LISTED };
void iam_ask(const struct iam *p, struct bytes action, struct bytes resource, enum iam_reach reach,
	     struct arena *a, struct iam_answer *ret);

/* On the bucket `resource`, for listings of names that begin with `begin`, or with more. of[]
 * .resource is what such names begin with. */
void iam_ask_listings(const struct iam *p, struct bytes action, struct bytes resource,
		      struct bytes begin, struct arena *a, struct iam_answer *ret);

/* Is it granted on all that was asked for? */
bool iam_is_granted(const struct iam_answer *a);

/* A bucket that policies name. */
struct iam_bucket {
	struct bytes partition; /* "aws", "aws-cn" */
	struct bytes name;
	bool stand_in; /* they name many by a pattern; this is one of them */
};
enum { IAM_BUCKETS_MAX = 64 };
/* Each once, those named by their names first, and no more than IAM_BUCKETS_MAX + 1; only those of
 * the name `only`, unless that is empty. To be freed; what it points to lies in the arena. */
struct iam_bucket *iam_buckets(const struct iam *p, struct bytes only, struct arena *a,
			       size_t *ret_n);

#endif
