#include "cost/iam_needs.h"

#include "base/buf.h"

const char *const iam_purpose_names[] = {
	"read", "write", "retention", "uploads", "lifecycle", NULL
};

/*
 * HEAD and ranges are GetObject, parts and copies PutObject. Without ListBucket an object that is
 * not there looks forbidden. Uploads in parts are ended by who began them, or left to the bucket's
 * own rules: both are told of, and missing they only cost money.
 */
static const struct iam_need iam_needs[] = {
	{ "s3:ListBucket", IAM_FOR_READ, IAM_LISTED },
	{ "s3:GetObject", IAM_FOR_READ, IAM_ALL_BELOW },
	{ "s3:PutObject", IAM_FOR_WRITE, IAM_ALL_BELOW },
	{ "s3:DeleteObject", IAM_FOR_RETENTION, IAM_ALL_BELOW },
	{ "s3:AbortMultipartUpload", IAM_FOR_UPLOADS, IAM_ALL_BELOW },
	{ "s3:ListBucketMultipartUploads", IAM_FOR_UPLOADS, IAM_ALONE },
	{ "s3:GetLifecycleConfiguration", IAM_FOR_LIFECYCLE, IAM_ALONE },
	{ "s3:PutLifecycleConfiguration", IAM_FOR_LIFECYCLE, IAM_ALONE },
};

static struct bytes resource_of(const struct iam_bucket *bucket, struct bytes prefix,
				enum iam_reach reach, struct arena *a)
{
	struct buf b = { 0 };
	struct bytes ret;

	buf_addf(&b, "arn:%.*s:s3:::%.*s", BYTES_ARG(bucket->partition), BYTES_ARG(bucket->name));
	if (reach == IAM_ALL_BELOW)
		buf_addf(&b, "/%.*s", BYTES_ARG(prefix));
	ret = arena_copy(a, buf_bytes(&b));
	buf_release(&b);
	return ret;
}

const struct iam_finding *iam_find(const struct iam *p, const struct iam_bucket *bucket,
				   struct bytes prefix, unsigned purposes, struct arena *a,
				   size_t *ret_n)
{
	size_t n = sizeof(iam_needs) / sizeof(*iam_needs);
	struct iam_finding *v = arena_zalloc(a, n * sizeof(*v));

	for (size_t i = 0; i < n; i++) {
		const struct iam_need *need = &iam_needs[i];

		v[i].need = need;
		v[i].required = purposes >> need->purpose & 1;
		v[i].resource = resource_of(bucket, prefix, need->reach, a);
		if (need->reach == IAM_LISTED)
			iam_ask_listings(p, bytes_str(need->action), v[i].resource, prefix, a,
					 &v[i].answer);
		else
			iam_ask(p, bytes_str(need->action), v[i].resource, need->reach, a,
				&v[i].answer);
	}
	*ret_n = n;
	return v;
}

size_t iam_count_missing(const struct iam_finding *v, size_t n)
{
	size_t missing = 0;

	for (size_t i = 0; i < n; i++)
		missing += v[i].required && !iam_is_granted(&v[i].answer);
	return missing;
}
