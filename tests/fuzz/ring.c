/* Rings as text: any text is a ring or an error; one is written as it was read, and its owners can
 * be found. */
#include "fuzz.h"

#include <stdlib.h>

#include "ring/text.h"
#include "ring/view.h"

static void look_up(const struct ring *r)
{
	struct ring_owners o;
	struct ring_view v;

	ring_view_init(&v, r, 0, NULL);
	for (size_t i = 0; i < v.n; i++) {
		ring_owners_at(&v, i, &o);
		if (o.n > r->settings.replication || o.n > ring_view_writable(&v))
			abort();
	}
	ring_view_release(&v);
}

/* The checksum is right in hardly any text, so the lines are read without it as well. */
static void read_lines(struct bytes text)
{
	struct bytes line;
	struct ring r;
	struct err e;

	ring_init(&r);
	while (bytes_split(&text, '\n', &line)) {
		struct ring_instance *in;
		struct buf again = { 0 };
		struct ring other;

		if (ring_parse_settings(line, &r, &e) == 0 ||
		    ring_parse_instance(line, &r, &in, &e) < 0)
			continue;
		ring_init(&other);
		ring_add_instance(&again, in);
		if (ring_parse_instance(buf_bytes(&again), &other, NULL, &e) < 0 ||
		    other.v[0].n_tokens != in->n_tokens || other.v[0].state != in->state ||
		    !bytes_eq(other.v[0].zone, in->zone) || !bytes_eq(other.v[0].addr, in->addr))
			abort();
		ring_release(&other);
		buf_release(&again);
	}
	if (ring_check_tokens(&r, &e) == 0)
		look_up(&r);
	ring_release(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes text = bytes_of(data, size);
	struct buf again = { 0 }, third = { 0 };
	struct ring r;
	struct err e;

	read_lines(text);
	if (ring_parse_text(text, &r, &e) < 0)
		return 0;
	ring_add_text(&again, &r);
	ring_release(&r);
	if (ring_parse_text(buf_bytes(&again), &r, &e) < 0)
		abort();
	ring_add_text(&third, &r);
	if (!bytes_eq(buf_bytes(&again), buf_bytes(&third)))
		abort();
	ring_release(&r);
	buf_release(&again);
	buf_release(&third);
	return 0;
}
