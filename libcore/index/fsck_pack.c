#include <stdlib.h>

#include "base/num.h"
#include "chunk/verify.h"
#include "index/damage.h"
#include "index/fsck_day.h"

static int add_to_hash(struct bytes piece, void *data, struct err *e)
{
	(void)e;
	hash_add(data, piece);
	return 0;
}

static int hash_file(struct store_file *f, struct hash128 *ret, struct err *e)
{
	struct hash_state *h = hash_new();
	int rc = store_file_pieces(f, add_to_hash, h, e);

	if (rc == 0)
		*ret = hash_end(h);
	hash_free(h);
	return rc;
}

int fsck_hash(struct store *s, const char *name, struct hash128 *ret, struct err *e)
{
	struct store_file f = { 0 };
	int rc = store_file_open(s, name, &f, e);

	if (rc == 0)
		rc = hash_file(&f, ret, e);
	store_file_close(&f);
	return rc;
}

struct look {
	index_tell_fn *tell;
	void *data;
	int64_t n;
};

static void tell(struct look *l, enum fault_kind kind, const struct err *e)
{
	l->n++;
	l->tell(&(struct index_fault){ .kind = kind, .err = *e }, l->data);
}

/* ---- what cannot be read ---- */

struct place {
	struct look *l;
	const char *what;
	uint64_t off, at; /* in the raw image, in the file */
	bool adrift;
};

static void on_fault(void *data, const struct err *e)
{
	const struct place *p = data;
	struct buf where = { 0 };
	struct err full = *e;

	buf_addf(&where, "%s at offset %llu%s", p->what, (unsigned long long)p->off,
		 p->adrift ? " or behind" : "");
	if (p->at != p->off)
		buf_addf(&where, " (byte %llu of the file)", (unsigned long long)p->at);
	err_wrap(&full, "%s", buf_str(&where));
	tell(p->l, FAULT_DAMAGED, &full);
	buf_release(&where);
}

/* The pack at hand. */
struct inside {
	struct look *l;
	struct bytes whole;
	struct pack_bundles bundles; /* as the trailer has them, or else the index file */
	struct damage damage;
	struct chunk_scan *scan;
	struct chunk_scratch *scratch;
	struct pack_check check;
	struct arena mem;
};

static void inside_open(struct inside *in, struct look *l, struct bytes whole,
			const struct fsck_named *named)
{
	struct pack_trailer t;

	*in = (struct inside){ .l = l,
			       .whole = whole,
			       .scan = chunk_scan_new_bytes(whole),
			       .scratch = chunk_scratch_new() };
	if (named)
		in->damage = (struct damage){ .ix = named->ix, .pack = named->pack };
	pack_check_begin(&in->check, whole);
	if (pack_parse_trailer(whole, whole.n, &in->mem, &t, NULL) == 0)
		in->bundles = t.bundles;
	else if (named &&
		 index_pack_bundles(named->ix, named->pack, &in->mem, &in->bundles, NULL) == 0)
		chunk_scan_believe(in->scan, &in->bundles);
}

static void inside_close(struct inside *in)
{
	damage_release(&in->damage);
	pack_check_release(&in->check);
	chunk_scratch_free(in->scratch);
	chunk_scan_free(in->scan);
	arena_release(&in->mem);
}

/* One damage is one fault, with what goes with it. */
static void tell_damage(struct inside *in, struct place *p, const struct chunk_piece *piece)
{
	const struct pack_bundle *b = pack_bundles_at(&in->bundles, piece->off);
	const bool is_bundle = !p->adrift && b && b->off == piece->at;
	struct buf what = { 0 };
	struct err why;

	if (is_bundle)
		p->what = "bundle";
	else if (pack_is_trailer(bytes_sub(in->whole, piece->at, in->whole.n)))
		p->what = "trailer";
	buf_add_str(&what, piece->why.msg);
	if (is_bundle && bytes_starts(buf_bytes(&what), BYTES_LIT("bundle: ")))
		buf_drop(&what, strlen("bundle: "));
	buf_add_str(&what, ": with it go ");
	if (piece->adrift || !damage_add_text(&in->damage, piece->off, piece->len, &what)) {
		if (is_bundle)
			num_add_count(&what, b->n_chunks, "chunk", "chunks");
		else
			what.n -= strlen(": with it go ");
	}
	err_set(&why, piece->why.code, "%s", buf_str(&what));
	on_fault(p, &why);
	buf_release(&what);
}

static void look_at(struct inside *in, const struct chunk_piece *piece, bool adrift)
{
	struct place p = { in->l, chunk_piece_name(piece->kind), piece->off, piece->at, adrift };

	switch (piece->kind) {
	case PIECE_CHUNK:
		pack_check_add(&in->check, piece);
		chunk_verify(piece, in->scratch, on_fault, &p);
		pack_check_filter(&in->check, piece, in->scratch, on_fault, &p);
		return;
	case PIECE_BUNDLE: /* its chunks come next */
		return;
	case PIECE_DAMAGE:
		pack_check_damage(&in->check, piece);
		tell_damage(in, &p, piece);
		return;
	case PIECE_FILTER:
	case PIECE_TRAILER:
		pack_check_end(&in->check, piece, on_fault, &p);
		return;
	}
}

/* Whatever of it cannot be read. named: NULL: no index file names it. */
static int find_damage(struct look *l, struct bytes whole, const char *name,
		       const struct fsck_named *named, struct err *e)
{
	enum chunk_piece_kind last = PIECE_DAMAGE;
	struct chunk_piece piece;
	bool adrift = false;
	struct inside in;
	struct err why;
	int rc;

	inside_open(&in, l, whole, named);
	while ((rc = chunk_scan_next(in.scan, &piece, e)) > 0) {
		last = piece.kind;
		look_at(&in, &piece, adrift);
		adrift = piece.adrift;
	}
	if (rc == 0 && pack_check_file(name, whole, last, &why) < 0)
		tell(l, FAULT_DAMAGED, &why);
	inside_close(&in);
	return rc;
}

static int look_inside(struct look *l, struct store_file *f, const struct hash128 *found,
		       const struct store_name *sn, const char *name,
		       const struct fsck_named *named, struct err *e)
{
	char hex[HASH128_HEX + 1];
	struct err why;

	if (store_file_map(f, e) < 0 || find_damage(l, f->map, name, named, e) < 0)
		return -1;
	if (l->n || hash128_cmp(found, &sn->hash) == 0)
		return 0;
	hash128_hex(found, hex);
	err_set(&why, ERR_CORRUPT, "its name is not the hash of its bytes, which is %s", hex);
	tell(l, FAULT_NAME, &why);
	return 0;
}

int64_t fsck_pack_bytes(struct store *s, const struct store_name *name, const uint64_t *size,
			enum fsck_depth depth, const struct fsck_named *named, index_tell_fn *fn,
			void *data, struct err *e)
{
	struct look l = { fn, data, 0 };
	struct buf text = { 0 };
	struct store_file f = { 0 };
	struct hash128 found;
	struct err why = { 0 };
	int rc;

	store_name_add(&text, name);
	rc = size ? store_file_open_sized(s, buf_str(&text), *size, &f, &why)
		  : store_file_open(s, buf_str(&text), &f, &why);
	if (rc == 0 && depth >= FSCK_BLOCKS) /* read twice, for its hash first: it comes once */
		rc = store_file_map(&f, &why);
	if (rc == 0)
		rc = hash_file(&f, &found, &why);
	if (rc == 0 && (depth >= FSCK_BLOCKS || hash128_cmp(&found, &name->hash) != 0))
		rc = look_inside(&l, &f, &found, name, buf_str(&text), named, &why);
	store_file_close(&f);
	buf_release(&text);
	if (rc == 0 || why.code == ERR_NO)
		return l.n;
	*e = why;
	return -1;
}
