/* Policies: any text is one or an error; what a policy grants on all is granted on each, and a name
 * that it gives is one of that state; a Deny of all more leaves nothing granted. */
#include "fuzz.h"

#include <stdlib.h>

#include "base/buf.h"
#include "cost/iam_needs.h"

static const struct bytes names[] = { { "a", 1 }, { "secret/x", 8 }, { "*", 1 } };

static void check_one(const struct iam *p, struct bytes action, struct bytes resource,
		      const struct iam_answer *all, struct arena *mem)
{
	struct iam_answer one;

	iam_ask(p, action, resource, IAM_ALONE, mem, &one);
	for (int s = 0; s < IAM_STATES; s++)
		if (one.seen[s] && !all->seen[s] && !all->too_intricate)
			abort();
}

static void check_below(const struct iam *p, struct bytes action, struct bytes below,
			struct arena *mem)
{
	struct iam_answer all, one;

	iam_ask(p, action, below, IAM_ALL_BELOW, mem, &all);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct buf b = { 0 };

		buf_add_bytes(&b, below);
		buf_add_bytes(&b, names[i]);
		check_one(p, action, buf_bytes(&b), &all, mem);
		buf_release(&b);
	}
	for (int s = 0; s < IAM_STATES; s++) {
		if (!all.seen[s])
			continue;
		if (!bytes_starts(all.of[s].resource, below) || all.of[s].resource.n == below.n)
			abort();
		iam_ask(p, action, all.of[s].resource, IAM_ALONE, mem, &one);
		if (!one.seen[s])
			abort();
	}
}

/* Listings of longer names are among those of shorter ones. */
static void check_listings(const struct iam *p, struct arena *mem)
{
	const struct bytes action = BYTES_LIT("s3:ListBucket"),
			   bucket = BYTES_LIT("arn:aws:s3:::b");
	struct iam_answer all, some;

	iam_ask_listings(p, action, bucket, (struct bytes){ 0 }, mem, &all);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		iam_ask_listings(p, action, bucket, names[i], mem, &some);
		for (int s = 0; s < IAM_STATES; s++)
			if (some.seen[s] && !all.seen[s] && !all.too_intricate)
				abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char nothing[] =
		"{\"Statement\":{\"Effect\":\"Deny\",\"Action\":\"*\",\"Resource\":\"*\"}}";
	struct iam p = { 0 };
	struct arena mem = { 0 };
	struct err e;
	size_t n;

	if (size > 1 << 12)
		return 0;
	if (iam_add(&p, bytes_of(data, size), "f", &e) == 0) {
		struct iam_bucket *v = iam_buckets(&p, (struct bytes){ 0 }, &mem, &n);
		const struct iam_finding *found;

		check_below(&p, BYTES_LIT("s3:GetObject"), BYTES_LIT("arn:aws:s3:::b/"), &mem);
		check_listings(&p, &mem);
		if (iam_add(&p, BYTES_LIT(nothing), "f", &e) < 0)
			abort();
		for (size_t i = 0; i < n && i < 2; i++) {
			size_t n_found;

			found = iam_find(&p, &v[i], BYTES_LIT("p/"), 1, &mem, &n_found);
			if (iam_count_missing(found, n_found) != 2)
				abort();
		}
		free(v);
	}
	arena_release(&mem);
	iam_release(&p);
	return 0;
}
