#include <stdlib.h>

#include "base/mem.h"
#include "chunk/verify.h"
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

struct place {
	struct look *l;
	uint64_t off;
	const char *what;
};

static void on_fault(void *data, const struct err *e)
{
	const struct place *p = data;
	struct err full = *e;

	err_wrap(&full, "%s at offset %llu", p->what, (unsigned long long)p->off);
	tell(p->l, FAULT_DAMAGED, &full);
}

/* Whatever of it cannot be read. */
static int find_damage(struct look *l, struct bytes whole, const char *name, struct err *e)
{
	struct chunk_scan *scan = chunk_scan_new_bytes(whole);
	struct chunk_scratch *scratch = chunk_scratch_new();
	enum chunk_piece_kind last = PIECE_DAMAGE;
	struct pack_check check = { 0 };
	struct chunk_piece piece;
	struct err why;
	int rc;

	pack_check_begin(&check, whole);
	while ((rc = chunk_scan_next(scan, &piece, e)) > 0) {
		struct place at = { l, piece.off, chunk_piece_name(piece.kind) };

		last = piece.kind;
		if (piece.kind == PIECE_CHUNK) {
			pack_check_add(&check, &piece);
			chunk_verify(&piece, scratch, on_fault, &at);
			pack_check_filter(&check, &piece, scratch, on_fault, &at);
		} else if (piece.kind == PIECE_BUNDLE) {
			continue; /* its chunks come next */
		} else if (piece.kind != PIECE_DAMAGE) {
			pack_check_end(&check, &piece, on_fault, &at);
		} else {
			on_fault(&at, &piece.why);
		}
	}
	if (rc == 0 && pack_check_file(name, whole, last, &why) < 0)
		tell(l, FAULT_DAMAGED, &why);
	pack_check_release(&check);
	chunk_scratch_free(scratch);
	chunk_scan_free(scan);
	return rc;
}

static int look_inside(struct look *l, struct store_file *f, const struct hash128 *found,
		       const struct store_name *sn, const char *name, struct err *e)
{
	char hex[HASH128_HEX + 1];
	struct err why;

	if (store_file_map(f, e) < 0 || find_damage(l, f->map, name, e) < 0)
		return -1;
	if (l->n || hash128_cmp(found, &sn->hash) == 0)
		return 0;
	hash128_hex(found, hex);
	err_set(&why, ERR_CORRUPT, "its name is not the hash of its bytes, which is %s", hex);
	tell(l, FAULT_NAME, &why);
	return 0;
}

int64_t fsck_pack_bytes(struct store *s, const struct store_name *name, const uint64_t *size,
			enum fsck_depth depth, index_tell_fn *fn, void *data, struct err *e)
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
		rc = look_inside(&l, &f, &found, name, buf_str(&text), &why);
	store_file_close(&f);
	buf_release(&text);
	if (rc == 0 || why.code == ERR_NO)
		return l.n;
	*e = why;
	return -1;
}
