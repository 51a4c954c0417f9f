/* Bundles: the chunks that go in come out byte for byte; what is damaged or made up is refused, and
 * says why. */
#include "unit.h"

#include "base/crc32c.h"
#include "base/wr.h"
#include "chunk/bundle.h"
#include "chunk/image.h"
#include "chunk/pack.h"
#include "chunk/verify.h"

static uint64_t state;

enum { DAY_NS_LOW = 1700000000 };

/* ---- chunks ---- */

struct made {
	struct buf bytes; /* back to back */
	struct pack_chunk v[4096];
	size_t n;
};

static void fill(struct entries *es, size_t n)
{
	int64_t ts = DAY_NS_LOW * INT64_C(1000000000) + (int64_t)rnd_below(&state, 1000);

	for (size_t i = 0; i < n; i++) {
		char line[120];
		size_t len = rnd_below(&state, sizeof(line));
		struct label pair = { BYTES_LIT("user"), BYTES_LIT("bob") };

		for (size_t k = 0; k < len; k++)
			line[k] = (char)(rnd_below(&state, 9) ? 'a' + rnd_below(&state, 4)
							      : rnd_below(&state, 256));
		ts += (int64_t)rnd_below(&state, 100000);
		entries_add(es, 0, ts, bytes_of(line, len),
			    rnd_below(&state, 3) ? 0 : metatab_add(&es->meta, &pair, 1));
	}
}

static void add_chunk(struct made *m, const struct chunk_params *p, size_t n_entries)
{
	struct chunk_writer *w = chunk_writer_new(p);
	uint32_t *order = calloc(n_entries, sizeof(*order));
	struct entries es = { 0 };
	struct label v[2] = { { BYTES_LIT("app"), BYTES_LIT("web") } };
	struct labels l = { v, 1 + rnd_below(&state, 2) };
	char pod[24];
	size_t start = m->bytes.n;
	struct hash128 id;

	snprintf(pod, sizeof(pod), "pod-%zu", m->n);
	v[1] = (struct label){ BYTES_LIT("pod"), bytes_str(pod) };
	id = labels_stream_id(BYTES_LIT("fake"), &l);
	fill(&es, n_entries);
	for (size_t i = 0; i < n_entries; i++)
		order[i] = (uint32_t)i;
	m->v[m->n].off = start;
	m->v[m->n].head_len =
		chunk_encode(w, BYTES_LIT("fake"), &l, &id, &es, order, n_entries, &m->bytes);
	m->v[m->n].len = (uint32_t)(m->bytes.n - start);
	m->n++;
	entries_release(&es);
	chunk_writer_free(w);
	free(order);
}

static struct chunk_params params(void)
{
	struct chunk_params p = chunk_params_default;

	p.encoding = rnd_below(&state, 2) ? CODEC_ZSTD : CODEC_SNAPPY;
	p.block_bytes = rnd_below(&state, 2) ? 1024 : 1 << 20;
	p.level = 4 + (int)rnd_below(&state, 5);
	return p;
}

static struct bytes chunk_at(const struct made *m, size_t i)
{
	return bytes_sub(buf_bytes(&m->bytes), m->v[i].off, m->v[i].len);
}

/* A bundle of some chunks of a few entries. */
static void make_bundle(struct made *m, struct buf *out)
{
	struct chunk_params p = params();
	struct bundle_writer *w = bundle_writer_new(&p);
	size_t n = 40 + rnd_below(&state, 100);

	for (size_t i = 0; i < n; i++) {
		add_chunk(m, &p, 1 + rnd_below(&state, 12));
		assert_true(bundle_writer_add(w, chunk_at(m, i)));
	}
	assert_int_equal(bundle_writer_raw(w), m->bytes.n);
	assert_int_equal(bundle_writer_n(w), n);
	assert_true(bundle_writer_end(w, out));
	assert_int_equal(bundle_writer_n(w), 0);
	bundle_writer_free(w);
}

static void release(struct made *m)
{
	buf_release(&m->bytes);
	free(m);
}

static struct made *new_made(void)
{
	return calloc(1, sizeof(struct made));
}

/* ---- tests ---- */

static void what_goes_in_comes_out(void **unused)
{
	struct bundle_reader *r = bundle_reader_new();

	(void)unused;
	for (unsigned i = 0; i < 60; i++) {
		struct made *m = new_made();
		struct buf stored = { 0 }, raw = { 0 };
		struct bundle b;
		struct err e;

		state = i;
		make_bundle(m, &stored);
		assert_true(stored.n < m->bytes.n);
		assert_int_equal(0, bundle_parse(buf_bytes(&stored), &b, &e));
		assert_int_equal(b.n_chunks, m->n);
		assert_int_equal(b.raw_len, m->bytes.n);
		assert_int_equal(b.fixed.len, stored.n);
		assert_int_equal(0, bundle_unpack(r, buf_bytes(&stored), &raw, &e));
		assert_true(bytes_eq(buf_bytes(&raw), buf_bytes(&m->bytes)));
		buf_release(&stored);
		buf_release(&raw);
		release(m);
	}
	bundle_reader_free(r);
}

static void too_little_stays_as_it_is(void **unused)
{
	struct chunk_params p = chunk_params_default;
	struct bundle_writer *w = bundle_writer_new(&p);
	struct made *m = new_made();
	struct buf out = { 0 };

	(void)unused;
	state = 1;
	add_chunk(m, &p, 1);
	assert_true(m->bytes.n < BUNDLE_BYTES_MIN);
	assert_true(bundle_writer_add(w, chunk_at(m, 0)));
	assert_false(bundle_writer_end(w, &out));
	assert_true(bytes_eq(buf_bytes(&out), buf_bytes(&m->bytes)));
	buf_reset(&out);
	assert_false(bundle_writer_end(w, &out));
	assert_int_equal(out.n, 0);
	bundle_writer_free(w);
	buf_release(&out);
	release(m);
}

/* A small one between large ones is compressed so, which its columns are not. */
static void one_alone_is_a_bundle_too(void **unused)
{
	struct chunk_params p = params();
	struct bundle_writer *w = bundle_writer_new(&p);
	struct bundle_reader *r = bundle_reader_new();
	struct made *m = new_made();
	struct buf stored = { 0 }, raw = { 0 };
	struct err e;

	(void)unused;
	state = 1;
	add_chunk(m, &p, 28);
	assert_true(m->bytes.n < 4096);
	assert_true(bundle_writer_add(w, chunk_at(m, 0)));
	assert_true(bundle_writer_end(w, &stored));
	assert_true(stored.n < m->bytes.n);
	assert_int_equal(0, bundle_unpack(r, buf_bytes(&stored), &raw, &e));
	assert_true(bytes_eq(buf_bytes(&raw), buf_bytes(&m->bytes)));
	bundle_writer_free(w);
	bundle_reader_free(r);
	buf_release(&stored);
	buf_release(&raw);
	release(m);
}

static void what_cannot_be_made_again_is_left_out(void **unused)
{
	struct chunk_params p = chunk_params_default, apart = p;
	struct bundle_writer *w = bundle_writer_new(&p);
	struct made *m = new_made();

	(void)unused;
	apart.small = CHUNK_SMALL_APART;
	assert_null(bundle_writer_new(&apart));
	apart = p;
	apart.level = 3; /* of packs that are merged soon */
	assert_null(bundle_writer_new(&apart));
	apart = p;
	apart.encoding = CODEC_NONE;
	assert_null(bundle_writer_new(&apart));

	state = 3;
	add_chunk(m, &p, 12);
	for (size_t i = 0; i < m->v[0].len; i++) { /* damaged anywhere: it would come out mended */
		m->bytes.p[i] ^= 1;
		assert_false(bundle_writer_add(w, chunk_at(m, 0)));
		m->bytes.p[i] ^= 1;
	}
	assert_false(bundle_writer_add(w, bytes_sub(chunk_at(m, 0), 0, m->v[0].len - 1)));
	assert_true(bundle_writer_add(w, chunk_at(m, 0)));
	add_chunk(m, &p, 2000); /* large */
	assert_false(bundle_writer_add(w, chunk_at(m, 1)));
	apart = p;
	apart.small = CHUNK_SMALL_APART;
	add_chunk(m, &apart, 40); /* with columns that are compressed */
	assert_false(bundle_writer_add(w, chunk_at(m, 2)));
	assert_int_equal(bundle_writer_n(w), 1);
	bundle_writer_free(w);
	release(m);
}

static void mend(struct buf *b, size_t head_len)
{
	wr_patch_u32be(b, head_len - 4, crc32c(b->p, head_len - 4));
}

static void refused(struct bytes in, const char *why)
{
	struct bundle_reader *r = bundle_reader_new();
	struct buf out = { 0 };
	struct err e;

	buf_add_char(&out, 'x');
	if (bundle_unpack(r, in, &out, &e) == 0 || out.n != 1)
		fail_msg("not refused: %s", why);
	if (!strstr(e.msg, why))
		fail_msg("'%s' does not say '%s'", e.msg, why);
	buf_release(&out);
	bundle_reader_free(r);
}

/* A bundle with these parts, all checksums right. */
static void make_up(struct buf *out, uint64_t chunks, const struct bytes part[BUNDLE_PARTS],
		    unsigned flags)
{
	struct buf body = { 0 };
	size_t head_len;

	buf_reset(out);
	for (int i = 0; i < BUNDLE_PARTS; i++)
		buf_add_bytes(&body, part[i]);
	buf_add(out, "LOKI\1", 5);
	wr_u8(out, (uint8_t)flags);
	wr_u8(out, CODEC_NONE);
	for (int i = 0; i < 17; i++)
		wr_u8(out, 0);
	wr_uvarint(out, chunks);
	for (int i = 0; i < BUNDLE_PARTS; i++)
		wr_uvarint(out, part[i].n);
	wr_u32be(out, crc32c(body.p, body.n));
	wr_u32be(out, 0);
	head_len = out->n;
	wr_patch_u32be(out, 8, (uint32_t)(head_len + body.n));
	wr_patch_u32be(out, 12, (uint32_t)(head_len - CHUNK_FIXED_LEN));
	mend(out, head_len);
	buf_add_bytes(out, buf_bytes(&body));
	buf_release(&body);
}

static void what_is_made_up_is_refused(void **unused)
{
	struct chunk_params p = chunk_params_default;
	struct made *m = new_made();
	struct bytes part[BUNDLE_PARTS], none[BUNDLE_PARTS] = { { 0 } };
	struct buf b = { 0 }, raw = { 0 };
	struct bundle_reader *r = bundle_reader_new();
	struct arena mem = { 0 };
	struct chunk c;
	struct err e;
	size_t off;

	(void)unused;
	state = 9;
	add_chunk(m, &p, 6);
	assert_int_equal(0, chunk_parse(chunk_at(m, 0), &mem, &c, &e));
	part[BUNDLE_HEADS] = bytes_sub(chunk_at(m, 0), 0, m->v[0].head_len);
	off = m->v[0].head_len;
	for (int i = 0; i < COL_COUNT; i++) {
		part[BUNDLE_COLUMNS + i] = bytes_sub(chunk_at(m, 0), off, c.block[0].col_stored[i]);
		off += c.block[0].col_stored[i];
	}
	make_up(&b, 1, part, CHUNK_FLAG_BUNDLE);
	assert_int_equal(0, bundle_unpack(r, buf_bytes(&b), &raw, &e));
	assert_true(bytes_eq(buf_bytes(&raw), chunk_at(m, 0)));

	make_up(&b, 0, part, CHUNK_FLAG_BUNDLE);
	refused(buf_bytes(&b), "0 chunks with");
	make_up(&b, 1, none, CHUNK_FLAG_BUNDLE);
	refused(buf_bytes(&b), "1 chunks with 0 bytes of heads");
	make_up(&b, 2, part, CHUNK_FLAG_BUNDLE);
	refused(buf_bytes(&b), "chunk 1: head");
	make_up(&b, UINT64_C(1) << 40, part, CHUNK_FLAG_BUNDLE);
	refused(buf_bytes(&b), "bad number at byte");
	make_up(&b, 1, part, CHUNK_FLAG_BUNDLE | CHUNK_FLAG_TRAILER);
	refused(buf_bytes(&b), "not one of a bundle");
	make_up(&b, 1, part, 0);
	refused(buf_bytes(&b), "not one of a bundle");
	make_up(&b, 1, part, CHUNK_FLAG_BUNDLE | 0x80);
	refused(buf_bytes(&b), "unknown flags");
	for (int i = 0; i < COL_COUNT; i++) {
		struct bytes whole = part[BUNDLE_COLUMNS + i];

		part[BUNDLE_COLUMNS + i] = bytes_sub(whole, 0, whole.n - 1);
		make_up(&b, 1, part, CHUNK_FLAG_BUNDLE);
		if (whole.n)
			refused(buf_bytes(&b), i == COL_COUNT - 1 ? "bytes" : "it has");
		part[BUNDLE_COLUMNS + i] = whole;
	}
	{
		struct bytes head = part[BUNDLE_HEADS];

		part[BUNDLE_HEADS] = bytes_sub(head, 0, head.n - 1);
		make_up(&b, 1, part, CHUNK_FLAG_BUNDLE);
		refused(buf_bytes(&b), "cut short");
	}
	bundle_reader_free(r);
	arena_release(&mem);
	buf_release(&b);
	buf_release(&raw);
	release(m);
}

/* Any byte of it that is another: no chunk comes out. */
static void damage_is_told(void **unused)
{
	struct bundle_reader *r = bundle_reader_new();
	struct made *m = new_made();
	struct buf stored = { 0 }, out = { 0 };
	struct err e;

	(void)unused;
	state = 4;
	make_bundle(m, &stored);
	for (size_t i = 0; i < stored.n; i++) {
		char bit = (char)(1 << rnd_below(&state, 8));

		stored.p[i] = (char)(stored.p[i] ^ bit);
		assert_int_equal(-1, bundle_unpack(r, buf_bytes(&stored), &out, &e));
		assert_int_equal(out.n, 0);
		stored.p[i] = (char)(stored.p[i] ^ bit);
	}
	for (size_t n = 0; n < stored.n; n += 1 + n / 50)
		assert_int_equal(-1,
				 bundle_unpack(r, bytes_sub(buf_bytes(&stored), 0, n), &out, &e));
	bundle_reader_free(r);
	buf_release(&stored);
	buf_release(&out);
	release(m);
}

/* ---- in a pack ---- */

struct pack {
	struct made *m;
	struct buf file;
	struct pack_bundle bundle[64];
	size_t n_bundles;
};

/* Small chunks and large ones by turns. */
static void make_pack(struct pack *k)
{
	struct chunk_params p = chunk_params_default;
	struct bundle_writer *w = bundle_writer_new(&p);
	struct pack_trailer t = { .tenant = BYTES_LIT("fake"), .params = p, .mixed = true };
	uint64_t raw_off = 0;

	*k = (struct pack){ .m = new_made() };
	for (size_t i = 0; i < 6; i++) {
		size_t n = 20 + rnd_below(&state, 40);
		struct pack_bundle *b = &k->bundle[k->n_bundles++];

		for (size_t j = 0; j < n; j++) {
			add_chunk(k->m, &p, 4 + rnd_below(&state, 8));
			assert_true(bundle_writer_add(w, chunk_at(k->m, k->m->n - 1)));
		}
		*b = (struct pack_bundle){ raw_off, k->file.n, bundle_writer_raw(w), 0,
					   (uint32_t)n };
		raw_off += b->raw_len;
		assert_true(bundle_writer_end(w, &k->file));
		b->len = (uint32_t)(k->file.n - b->off);
		if (i == 2)
			continue; /* two in a row */
		add_chunk(k->m, &p, 800);
		buf_add_bytes(&k->file, chunk_at(k->m, k->m->n - 1));
		raw_off += k->m->v[k->m->n - 1].len;
	}
	t.day = DAY_NS_LOW / 86400;
	t.chunk = k->m->v;
	t.n_chunks = k->m->n;
	t.bundles = (struct pack_bundles){ k->bundle, k->n_bundles };
	pack_trailer_encode(&t, &k->file);
	bundle_writer_free(w);
}

static void release_pack(struct pack *k)
{
	buf_release(&k->file);
	release(k->m);
}

static void the_trailer_says_where_they_lie(void **unused)
{
	struct arena mem = { 0 };
	struct pack_trailer t;
	struct pack k;
	struct err e;

	(void)unused;
	state = 6;
	make_pack(&k);
	assert_int_equal(0, pack_parse_trailer(buf_bytes(&k.file), k.file.n, &mem, &t, &e));
	assert_int_equal(t.bundles.n, k.n_bundles);
	for (size_t i = 0; i < t.bundles.n; i++) {
		const struct pack_bundle *x = &t.bundles.v[i], *y = &k.bundle[i];

		assert_true(x->raw_off == y->raw_off && x->off == y->off &&
			    x->raw_len == y->raw_len && x->len == y->len &&
			    x->n_chunks == y->n_chunks);
		assert_ptr_equal(pack_bundles_at(&t.bundles, x->raw_off), x);
		assert_ptr_equal(pack_bundles_at(&t.bundles, x->raw_off + x->raw_len - 1), x);
		assert_int_equal(pack_bundles_stored(&t.bundles, x->raw_off + 7), x->off);
		assert_int_equal(pack_bundles_stored(&t.bundles, x->raw_off + x->raw_len),
				 x->off + x->len);
		assert_int_equal(pack_bundles_raw(&t.bundles, x->off), x->raw_off);
		assert_int_equal(pack_bundles_raw(&t.bundles, x->off + x->len - 1), x->raw_off);
		assert_int_equal(pack_bundles_raw(&t.bundles, x->off + x->len),
				 x->raw_off + x->raw_len);
	}
	assert_int_equal(pack_chunks_len(&t) + pack_bundles_saved(&t.bundles), k.m->bytes.n);
	arena_release(&mem);
	release_pack(&k);
}

static int read_file(void *data, uint64_t off, void *p, size_t n, struct err *e)
{
	const struct buf *b = data;

	if (off > b->n || n > b->n - off)
		return err_set(e, ERR_CORRUPT, "cut short");
	memcpy(p, b->p + off, n);
	return 0;
}

static void any_range_of_the_image_can_be_read(void **unused)
{
	struct pack_image im = { .read = read_file };
	struct arena mem = { 0 };
	struct pack_trailer t;
	struct pack k;
	struct err e;
	char *p;

	(void)unused;
	state = 7;
	make_pack(&k);
	assert_int_equal(0, pack_parse_trailer(buf_bytes(&k.file), k.file.n, &mem, &t, &e));
	im.data = &k.file;
	im.bundles = t.bundles;
	p = malloc(k.m->bytes.n);
	for (unsigned i = 0; i < 2000; i++) {
		size_t off = i ? rnd_below(&state, k.m->bytes.n) : 0;
		size_t n = i ? rnd_below(&state, k.m->bytes.n - off + 1) : k.m->bytes.n;

		if (i % 3)
			n = n < 300 ? n : 300;
		assert_int_equal(0, pack_image_read(&im, off, p, n, &e));
		assert_memory_equal(p, k.m->bytes.p + off, n);
	}
	k.file.p[k.bundle[1].off + k.bundle[1].len - 1] ^= 1;
	assert_int_equal(0, pack_image_read(&im, 0, p, k.bundle[0].raw_len, &e));
	assert_int_equal(-1, pack_image_read(&im, k.bundle[1].raw_off, p, 1, &e));
	assert_int_equal(e.code, ERR_CORRUPT);
	assert_non_null(strstr(e.msg, "bundle at offset"));
	free(p);
	pack_image_release(&im);
	arena_release(&mem);
	release_pack(&k);
}

struct piped {
	struct bytes left;
	size_t most;
};

static int64_t fill_from(void *data, void *p, size_t n, struct err *e)
{
	struct piped *x = data;

	(void)e;
	n = n < x->most ? n : x->most;
	n = n < x->left.n ? n : x->left.n;
	if (n)
		memcpy(p, x->left.p, n);
	x->left = bytes_sub(x->left, n, x->left.n);
	return (int64_t)n;
}

/* Chunks that are met, in order, where they should be; pieces of damage. */
static size_t count_scanned(struct chunk_scan *s, const struct made *m, size_t *ret_damage)
{
	struct chunk_piece piece;
	size_t n = 0, at = 0;
	struct err e;

	*ret_damage = 0;
	while (chunk_scan_next(s, &piece, &e) == 1) {
		if (piece.kind == PIECE_DAMAGE)
			++*ret_damage;
		if (piece.kind != PIECE_CHUNK)
			continue;
		while (at < m->n && m->v[at].off != piece.off)
			at++;
		assert_true(at < m->n);
		assert_true(bytes_eq(piece.bytes, chunk_at(m, at)));
		n++;
	}
	chunk_scan_free(s);
	return n;
}

static void a_damaged_bundle_costs_itself_alone(void **unused)
{
	(void)unused;
	for (unsigned i = 0; i < 300; i++) {
		struct piped x = { .most = 1 + rnd_below(&state, 5000) };
		size_t b, off, damage, n;
		struct pack k;

		state = i % 3;
		make_pack(&k);
		state = 100 + i;
		b = rnd_below(&state, k.n_bundles);
		off = k.bundle[b].off +
		      (i % 2 ? rnd_below(&state, k.bundle[b].len) : rnd_below(&state, 40));
		x.left = buf_bytes(&k.file);
		assert_int_equal(k.m->n, count_scanned(chunk_scan_new_bytes(buf_bytes(&k.file)),
						       k.m, &damage));
		assert_int_equal(damage, 0);
		assert_int_equal(k.m->n,
				 count_scanned(chunk_scan_new(fill_from, &x), k.m, &damage));
		assert_int_equal(damage, 0);
		k.file.p[off] = (char)(k.file.p[off] ^ (1 << rnd_below(&state, 8)));
		n = count_scanned(chunk_scan_new_bytes(buf_bytes(&k.file)), k.m, &damage);
		assert_int_equal(n, k.m->n - k.bundle[b].n_chunks);
		assert_int_equal(damage, 1);
		if (off > k.bundle[b].off + 40) { /* its head is right: in a pipe, too */
			x = (struct piped){ buf_bytes(&k.file), 4000 };
			n = count_scanned(chunk_scan_new(fill_from, &x), k.m, &damage);
			assert_int_equal(n, k.m->n - k.bundle[b].n_chunks);
			assert_int_equal(damage, 1);
		}
		release_pack(&k);
	}
}

static void count_fault(void *data, const struct err *e)
{
	(void)e;
	++*(size_t *)data;
}

/* What is told of a file: of its damage, and of what of it does not fit together. */
static size_t count_told(struct chunk_scan *s, struct bytes whole)
{
	struct pack_check check = { 0 };
	struct chunk_piece piece;
	size_t n = 0;
	struct err e;

	pack_check_begin(&check, whole);
	while (chunk_scan_next(s, &piece, &e) == 1) {
		if (piece.kind == PIECE_DAMAGE) {
			pack_check_damage(&check, &piece);
			n++;
		} else if (piece.kind == PIECE_CHUNK) {
			pack_check_add(&check, &piece);
		} else if (piece.kind != PIECE_BUNDLE) {
			assert_int_equal(piece.kind, PIECE_TRAILER);
			pack_check_end(&check, &piece, count_fault, &n);
		}
	}
	chunk_scan_free(s);
	pack_check_release(&check);
	return n;
}

static void one_damage_is_told_once(void **unused)
{
	(void)unused;
	for (unsigned i = 0; i < 60; i++) {
		struct piped x = { .most = 4000 };
		size_t b, off;
		struct pack k;

		state = i % 3;
		make_pack(&k);
		state = 100 + i;
		b = rnd_below(&state, k.n_bundles);
		off = k.bundle[b].off + (i % 2 ? rnd_below(&state, k.bundle[b].len) : 30);
		x.left = buf_bytes(&k.file);
		assert_int_equal(0, count_told(chunk_scan_new_bytes(x.left), x.left));
		k.file.p[off] ^= 1;
		assert_int_equal(1, count_told(chunk_scan_new_bytes(x.left), x.left));
		assert_int_equal(1, count_told(chunk_scan_new(fill_from, &x), (struct bytes){ 0 }));
		release_pack(&k);
	}
}

/* A chunk that the trailer names and that is not there is told, also beside damage. */
static void what_is_not_there_is_told_beside_damage(void **unused)
{
	struct pack_check check = { 0 };
	struct chunk_scan *s;
	struct chunk_piece piece;
	size_t n = 0, n_chunks = 0;
	struct pack k;
	struct err e;

	(void)unused;
	state = 5;
	make_pack(&k);
	k.file.p[k.bundle[1].off + 50] ^= 1;
	s = chunk_scan_new_bytes(buf_bytes(&k.file));
	while (chunk_scan_next(s, &piece, &e) == 1) {
		if (piece.kind == PIECE_DAMAGE)
			pack_check_damage(&check, &piece);
		else if (piece.kind == PIECE_CHUNK && ++n_chunks != 3 &&
			 piece.off + piece.len != k.m->bytes.n)
			pack_check_add(&check, &piece);
		else if (piece.kind == PIECE_TRAILER)
			assert_int_equal(2, pack_check_end(&check, &piece, count_fault, &n));
	}
	assert_int_equal(n, 2);
	chunk_scan_free(s);
	pack_check_release(&check);
	release_pack(&k);
}

/* Without a trailer, who knows where bundles lie finds each chunk at its place. */
static void an_index_stands_in_for_the_trailer(void **unused)
{
	(void)unused;
	for (unsigned i = 0; i < 60; i++) {
		size_t b, damage, n, lost;
		struct chunk_scan *s;
		struct pack_bundles told;
		struct pack k;

		state = i % 3;
		make_pack(&k);
		state = 100 + i;
		k.file.p[k.file.n - 30] ^= 1;
		b = rnd_below(&state, k.n_bundles);
		k.file.p[k.bundle[b].off + (i % 2 ? rnd_below(&state, k.bundle[b].len) : 30)] ^= 1;
		lost = k.bundle[b].n_chunks;
		if (i % 3 == 0 && b + 1 < k.n_bundles) {
			k.file.p[k.bundle[b + 1].off + 30] ^= 1;
			lost += k.bundle[b + 1].n_chunks;
		}
		told = (struct pack_bundles){ k.bundle, k.n_bundles };
		s = chunk_scan_new_bytes(buf_bytes(&k.file));
		chunk_scan_believe(s, &told);
		n = count_scanned(s, k.m, &damage);
		assert_int_equal(n, k.m->n - lost);
		assert_in_range(damage, 2, 3);
		release_pack(&k);
	}
}

/* Without both it is said that places may be wrong, of what is behind alone. */
static void without_either_places_are_adrift(void **unused)
{
	struct chunk_piece piece;
	struct chunk_scan *s;
	size_t n = 0;
	struct pack k;
	struct err e;

	(void)unused;
	state = 2;
	make_pack(&k);
	k.file.p[k.file.n - 30] ^= 1;
	k.file.p[k.bundle[3].off + 30] ^= 1;
	s = chunk_scan_new_bytes(buf_bytes(&k.file));
	while (chunk_scan_next(s, &piece, &e) == 1) {
		assert_int_equal(piece.adrift, piece.at >= k.bundle[3].off);
		n += piece.kind == PIECE_CHUNK;
	}
	assert_int_equal(n, k.m->n - k.bundle[3].n_chunks);
	chunk_scan_free(s);
	release_pack(&k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_goes_in_comes_out),
		cmocka_unit_test(too_little_stays_as_it_is),
		cmocka_unit_test(one_alone_is_a_bundle_too),
		cmocka_unit_test(what_cannot_be_made_again_is_left_out),
		cmocka_unit_test(what_is_made_up_is_refused),
		cmocka_unit_test(damage_is_told),
		cmocka_unit_test(the_trailer_says_where_they_lie),
		cmocka_unit_test(any_range_of_the_image_can_be_read),
		cmocka_unit_test(a_damaged_bundle_costs_itself_alone),
		cmocka_unit_test(one_damage_is_told_once),
		cmocka_unit_test(what_is_not_there_is_told_beside_damage),
		cmocka_unit_test(an_index_stands_in_for_the_trailer),
		cmocka_unit_test(without_either_places_are_adrift),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
