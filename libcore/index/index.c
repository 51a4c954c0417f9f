/*
 * The reader. Every access goes through row_at or bytes_at, which check the range against its
 * section and the checksums of the pages that it lies in; what a row says is checked where it is
 * used, so a file made by an enemy with right checksums can give wrong answers but no access
 * outside the file.
 */
#include "index/index.h"

#include <stdlib.h>

#include "base/crc32c.h"
#include "base/mem.h"
#include "base/rd.h"
#include "index/format.h"
#include "index/pages.h"
#include "index/reader.h"
#include "store/names.h"
#include "store/store.h"

struct section {
	uint64_t off, len;
	uint32_t rows;
};

struct index {
	struct index_info info;
	struct store_file store_file; /* when loaded from a store */
	char *label;
	struct section sec[SEC_END];
	struct pages pages; /* .file: all that is stored; sections count in .all */
	enum index_form form;
};

const struct index_info *index_info(const struct index *ix)
{
	return &ix->info;
}

const char *index_label(const struct index *ix)
{
	return ix->label;
}

/* ---- pages and rows ---- */

struct bytes index_bytes(const struct index *ix)
{
	return ix->pages.file;
}

uint32_t index_n_pages(const struct index *ix)
{
	return ix->pages.n;
}

int index_check_page(struct index *ix, uint32_t page, struct err *e)
{
	return pages_check(&ix->pages, page, e);
}

int index_row(struct index *ix, enum index_section sec, uint32_t i, struct rd *ret, struct err *e)
{
	const struct section *s = &ix->sec[sec];
	uint64_t at = s->off + (uint64_t)i * index_row_len[sec];

	if (i >= s->rows)
		return err_set(e, ERR_CORRUPT, "section %d: there is no row %u, only %u", sec, i,
			       s->rows);
	if (pages_need(&ix->pages, at, index_row_len[sec], e) < 0)
		return -1;
	*ret = rd_init(bytes_of(ix->pages.all.p + at, index_row_len[sec]));
	return 0;
}

static int get_rows(struct index *ix, enum index_section sec, uint32_t i, uint32_t n,
		    struct bytes *ret, struct err *e)
{
	const struct section *s = &ix->sec[sec];
	uint64_t at = s->off + (uint64_t)i * index_row_len[sec];
	size_t len = (size_t)n * index_row_len[sec];

	if (i > s->rows || n > s->rows - i)
		return err_set(e, ERR_CORRUPT, "section %d: there are no rows %u to %llu, only %u",
			       sec, i, (unsigned long long)i + n, s->rows);
	if (pages_need(&ix->pages, at, len, e) < 0)
		return -1;
	*ret = bytes_of(ix->pages.all.p + at, len);
	return 0;
}

int index_section_bytes(struct index *ix, enum index_section sec, uint32_t off, uint32_t n,
			struct bytes *ret, struct err *e)
{
	const struct section *s = &ix->sec[sec];

	if (off > s->len || n > s->len - off)
		return err_set(e, ERR_CORRUPT,
			       "section %d: there are no bytes %u to %llu, only %llu", sec, off,
			       (unsigned long long)off + n, (unsigned long long)s->len);
	if (pages_need(&ix->pages, s->off + off, n, e) < 0)
		return -1;
	*ret = bytes_of(ix->pages.all.p + s->off + off, n);
	return 0;
}

uint64_t index_section_len(const struct index *ix, enum index_section sec)
{
	return ix->sec[sec].len;
}

/* ---- opening ---- */

static int read_section(struct index *ix, struct rd *rd, unsigned i, struct err *e)
{
	uint32_t id = rd_u32be(rd), rows = rd_u32be(rd);
	uint64_t off = rd_u64be(rd), len = rd_u64be(rd), size = ix->pages.all.n;

	if (off % 8 != 0 || off < ix->pages.head_len || off > size || len > size - off)
		return err_set(e, ERR_CORRUPT,
			       "section row %u: bytes %llu to +%llu do not lie in the file", i,
			       (unsigned long long)off, (unsigned long long)len);
	if (id == (INDEX_SECTION_REFUSE | SEC_BUNDLES))
		id = SEC_BUNDLES;
	else if (id == SEC_BUNDLES)
		return 0;
	if (id & INDEX_SECTION_REFUSE)
		return err_set(e, ERR_VERSION,
			       "section %08x is of a newer version and must be known to be read",
			       id);
	if (id == 0 || id >= SEC_END)
		return 0;
	if (ix->sec[id].off)
		return err_set(e, ERR_CORRUPT, "section %u is there twice", id);
	if (index_row_len[id] ? len != (uint64_t)rows * index_row_len[id]
			      : len > UINT32_MAX || rows != 0)
		return err_set(e, ERR_CORRUPT, "section %u: %u rows do not make %llu bytes", id,
			       rows, (unsigned long long)len);
	ix->sec[id] = (struct section){ .off = off, .len = len, .rows = rows };
	return 0;
}

static int check_sections(const struct index *ix, struct err *e)
{
	for (int id = SEC_SYMBOL_OFFSETS; id <= SEC_BLOCKS; id++)
		if (!ix->sec[id].off)
			return err_set(e, ERR_CORRUPT, "section %d is missing", id);
	if (ix->sec[SEC_SYMBOL_OFFSETS].rows == 0)
		return err_set(e, ERR_CORRUPT, "section %d has no rows", SEC_SYMBOL_OFFSETS);
	if (ix->sec[SEC_BY_ID].rows != ix->sec[SEC_SERIES].rows)
		return err_set(e, ERR_CORRUPT, "%u series, but %u rows by id",
			       ix->sec[SEC_SERIES].rows, ix->sec[SEC_BY_ID].rows);
	return 0;
}

static void set_counts(struct index *ix)
{
	struct index_info *in = &ix->info;

	in->n_symbols = ix->sec[SEC_SYMBOL_OFFSETS].rows - 1;
	in->n_names = ix->sec[SEC_NAMES].rows;
	in->n_pairs = ix->sec[SEC_PAIRS].rows;
	in->n_series = ix->sec[SEC_SERIES].rows;
	in->n_packs = ix->sec[SEC_PACKS].rows;
	in->n_chunks = ix->sec[SEC_CHUNKS].rows;
	in->n_blocks = ix->sec[SEC_BLOCKS].rows;
	in->n_segments = ix->sec[SEC_SEGMENTS].rows;
	in->n_indexes = ix->sec[SEC_INDEXES].rows;
	in->n_old_packs = ix->sec[SEC_OLD_PACKS].rows;
	in->n_deletes = ix->sec[SEC_DELETES].rows;
	in->n_bundles = ix->sec[SEC_BUNDLES].rows;
}

static int bad_head_len(const struct index *ix, struct err *e)
{
	return err_set(e, ERR_CORRUPT, "head: its length cannot be %u", ix->pages.head_len);
}

/* The lengths that have to be right before the head's checksum can be looked for. */
static int read_fixed(struct index *ix, struct rd *rd, unsigned *ret_sections,
		      uint32_t *ret_tenant_len, struct err *e)
{
	struct bytes magic = rd_bytes(rd, sizeof(index_magic));
	uint8_t flags;
	uint64_t size;

	rd_u8(rd); /* the version: see check_version */
	flags = rd_u8(rd);

	if (!bytes_eq(magic, bytes_of(index_magic, sizeof(index_magic))))
		return err_set(e, ERR_CORRUPT,
			       rd->failed ? "not an index: only %zu bytes"
					  : "not an index: wrong magic",
			       ix->pages.file.n);
	if (ix->pages.file.n < INDEX_FIXED_LEN)
		return err_set(e, ERR_CORRUPT, "cut short: a head of only %zu bytes",
			       ix->pages.file.n);
	*ret_sections = rd_u16be(rd);
	size = rd_u64be(rd);
	ix->pages.head_len = rd_u32be(rd);
	ix->info.day = (int32_t)rd_u32be(rd);
	ix->info.min_ts = rd_i64be(rd);
	ix->info.max_ts = rd_i64be(rd);
	ix->info.entries = rd_u64be(rd);
	ix->info.line_bytes = rd_u64be(rd);
	*ret_tenant_len = rd_u32be(rd);
	ix->pages.n = rd_u32be(rd);
	ix->info.size = ix->pages.file.n;
	ix->form = flags & INDEX_FLAG_COMPRESSED ? INDEX_COMPRESSED : INDEX_PLAIN;
	ix->info.mixed = flags & INDEX_FLAG_MIXED;
	ix->info.thinned = flags & INDEX_FLAG_THINNED;
	if (size != ix->pages.file.n)
		return err_set(e, ERR_CORRUPT, "%s: expected %llu bytes, found %zu",
			       size > ix->pages.file.n ? "cut short" : "too long",
			       (unsigned long long)size, ix->pages.file.n);
	ix->pages.all.n = size; /* of a compressed file what read_head finds */
	if ((ix->form == INDEX_PLAIN && ix->pages.n != (size + INDEX_PAGE - 1) / INDEX_PAGE) ||
	    *ret_sections > INDEX_SECTIONS_MAX || *ret_tenant_len > TENANT_MAX)
		return err_set(e, ERR_CORRUPT,
			       "head: %u pages, %u sections and a tenant of %u bytes cannot be",
			       ix->pages.n, *ret_sections, *ret_tenant_len);
	/* Either form, lest a wrong flag hide that the checksum is wrong. */
	if ((ix->pages.head_len !=
		     index_head_len(INDEX_PLAIN, *ret_sections, ix->pages.n, *ret_tenant_len) &&
	     ix->pages.head_len != index_head_len(INDEX_COMPRESSED, *ret_sections, ix->pages.n,
						  *ret_tenant_len)) ||
	    ix->pages.head_len > size)
		return bad_head_len(ix, e);
	return 0;
}

/* ERR_VERSION, -1 when the file says that it is of a newer version; 0. */
static int check_version(const struct index *ix, struct err *e)
{
	struct rd rd = rd_init(ix->pages.file);
	uint8_t version, flags;

	if (!bytes_eq(rd_bytes(&rd, sizeof(index_magic)),
		      bytes_of(index_magic, sizeof(index_magic))) ||
	    ix->pages.file.n < INDEX_FIXED_LEN)
		return 0;
	version = rd_u8(&rd);
	flags = rd_u8(&rd);
	if (version != INDEX_VERSION)
		return err_set(e, ERR_VERSION, "index version %u; this program knows %d", version,
			       INDEX_VERSION);
	if (flags & INDEX_FLAGS_REFUSE)
		return err_set(e, ERR_VERSION,
			       "flags %02x are of a newer version and must be known", flags);
	return 0;
}

/* Of a compressed file: the size of what it holds, which comes last in the head. */
static int read_size(struct index *ix, struct err *e)
{
	struct rd rd = rd_init(bytes_sub(ix->pages.file, ix->pages.head_len - 12, 8));
	uint64_t size = rd_u64be(&rd);

	if (size < ix->pages.head_len || (size + INDEX_PAGE - 1) / INDEX_PAGE != ix->pages.n)
		return err_set(e, ERR_CORRUPT, "head: %llu bytes are not in %u pages",
			       (unsigned long long)size, ix->pages.n);
	ix->pages.all.n = size;
	return 0;
}

/* The pages, when all else of the head is read; rd stands at their table. */
static int open_pages(struct index *ix, struct rd *rd, uint32_t tenant_len, struct err *e)
{
	struct page_turn *turn = mem_alloc(SEC_END * sizeof(*turn));
	struct bytes len = { 0 };
	size_t n = 0;

	ix->pages.crc = rd_bytes(rd, (size_t)ix->pages.n * 4);
	if (ix->form == INDEX_COMPRESSED)
		len = rd_bytes(rd, (size_t)ix->pages.n * 4);
	ix->info.tenant = rd_bytes(rd, tenant_len);
	for (int id = 1; id < SEC_END; id++)
		if (index_row_len[id])
			turn[n++] = (struct page_turn){ ix->sec[id].off, ix->sec[id].len,
							index_row_len[id] };
	return pages_open(&ix->pages, len, turn, n, e);
}

static int read_head(struct index *ix, struct err *e)
{
	struct rd rd = rd_init(ix->pages.file), crc;
	struct err why;
	unsigned n_sections = 0;
	uint32_t tenant_len = 0, stored, found;

	if (read_fixed(ix, &rd, &n_sections, &tenant_len, &why) < 0) {
		/* Lengths may be others in a newer version. */
		if (check_version(ix, e) == 0)
			err_set(e, why.code, "%s", why.msg);
		return -1;
	}
	crc = rd_init(bytes_sub(ix->pages.file, ix->pages.head_len - 4, 4));
	stored = rd_u32be(&crc);
	found = crc32c(ix->pages.file.p, ix->pages.head_len - 4);
	if (stored != found)
		return err_set(e, ERR_CORRUPT, "head: crc32c mismatch: stored %08x, computed %08x",
			       stored, found);
	if (check_version(ix, e) < 0) /* only now: before, it could be damage */
		return -1;
	if (ix->pages.head_len != index_head_len(ix->form, n_sections, ix->pages.n, tenant_len))
		return bad_head_len(ix, e);
	if (ix->form == INDEX_COMPRESSED && read_size(ix, e) < 0)
		return -1;
	for (unsigned i = 0; i < n_sections; i++)
		if (read_section(ix, &rd, i, e) < 0)
			return -1;
	if (check_sections(ix, e) < 0)
		return -1;
	set_counts(ix);
	return open_pages(ix, &rd, tenant_len, e);
}

struct index *index_open(struct bytes file, const char *name, struct err *e)
{
	struct index *ix = mem_alloc(sizeof(*ix));
	struct store_name sn;

	ix->pages.file = file;
	ix->label = strdup(name);
	if (read_head(ix, e) < 0) {
		err_wrap(e, "'%s'", name);
		index_close(ix);
		return NULL;
	}
	if (store_name_parse(bytes_str(name), &sn, NULL) == 0)
		ix->info.name = sn.hash;
	return ix;
}

/* Takes f over. */
static struct index *open_mapped(struct store *s, const char *name, struct store_file *f,
				 struct err *e)
{
	struct buf path = { 0 };
	struct index *ix;

	buf_addf(&path, "%s/%s", store_path_of(s, name), name);
	ix = index_open(f->map, buf_str(&path), e);
	if (ix)
		ix->store_file = *f;
	else
		store_file_close(f);
	buf_release(&path);
	return ix;
}

static void wrap_path(struct store *s, const char *name, struct err *e)
{
	err_wrap(e, "'%s/%s'", store_path_of(s, name), name);
}

struct index *index_load(struct store *s, const char *name, struct err *e)
{
	struct store_file f;

	if (store_file_open(s, name, &f, e) < 0)
		return NULL;
	if (store_file_map(&f, e) == 0)
		return open_mapped(s, name, &f, e);
	wrap_path(s, name, e);
	store_file_close(&f);
	return NULL;
}

/* Are these the bytes that the object is named after? */
static bool is_whole(const char *name, const struct store_file *f)
{
	struct store_name sn;
	struct hash128 h = hash128(f->map);

	return store_name_parse(bytes_str(name), &sn, NULL) < 0 || hash128_cmp(&h, &sn.hash) == 0;
}

/* What came damaged may have been damaged on its way: it is asked for once more. */
static int map_again(struct store *s, const struct index_file *want, struct store_file *f,
		     struct err *e)
{
	struct err why;

	store_file_doubt(f, 0, f->size);
	store_file_close(f);
	if (store_file_open_sized(s, want->name, want->size, f, e) < 0)
		return -1;
	store_map_all(&f, 1, &why);
	if (why.code != ERR_NONE)
		return err_set(e, why.code, "%s", why.msg);
	if (!is_whole(want->name, f))
		store_file_doubt(f, 0, f->size); /* whatever is right of it is told below */
	return 0;
}

/* Each as f[i]; .store is NULL of those that could not be read. */
static void map_all(struct store *s, const struct index_file *v, size_t n, struct store_file *f,
		    struct err *errs)
{
	struct store_file **open = mem_alloc((n + 1) * sizeof(struct store_file *));
	struct err *why = mem_alloc((n + 1) * sizeof(*why));
	size_t k = 0;

	for (size_t i = 0; i < n; i++)
		if (store_file_open_sized(s, v[i].name, v[i].size, &f[i], &errs[i]) == 0)
			open[k++] = &f[i];
	store_map_all(open, k, why);
	for (size_t j = 0; j < k; j++) {
		size_t i = (size_t)(open[j] - f);
		bool bad = why[j].code != ERR_NONE;

		if (bad)
			errs[i] = why[j];
		else if (!is_whole(v[i].name, &f[i]))
			bad = map_again(s, &v[i], &f[i], &errs[i]) < 0;
		if (!bad)
			continue;
		wrap_path(s, v[i].name, &errs[i]);
		store_file_close(&f[i]);
	}
	free(why);
	free(open);
}

void index_load_all(struct store *s, const struct index_file *v, size_t n, struct index **ret,
		    struct err *ret_errs)
{
	struct store_file *f;

	if (n == 0 || !store_is_remote(store_part(s, v[0].name))) {
		for (size_t i = 0; i < n; i++)
			ret[i] = index_load(s, v[i].name, &ret_errs[i]);
		return;
	}
	f = mem_alloc((n + 1) * sizeof(*f));
	map_all(s, v, n, f, ret_errs);
	for (size_t i = 0; i < n; i++)
		ret[i] = f[i].store ? open_mapped(s, v[i].name, &f[i], &ret_errs[i]) : NULL;
	free(f);
}

void index_close(struct index *ix)
{
	if (!ix)
		return;
	store_file_close(&ix->store_file);
	pages_release(&ix->pages);
	free(ix->label);
	free(ix);
}

/* ---- symbols, names, pairs ---- */

int index_symbol(struct index *ix, uint32_t i, struct bytes *ret, struct err *e)
{
	struct bytes rows;
	struct rd rd;
	uint32_t from, to;

	if (i >= ix->info.n_symbols)
		return err_set(e, ERR_CORRUPT, "there is no symbol %u, only %u", i,
			       ix->info.n_symbols);
	if (get_rows(ix, SEC_SYMBOL_OFFSETS, i, 2, &rows, e) < 0)
		return -1;
	rd = rd_init(rows);
	from = rd_u32be(&rd);
	to = rd_u32be(&rd);
	if (to < from)
		return err_set(e, ERR_CORRUPT, "symbol %u ends before it begins", i);
	return index_section_bytes(ix, SEC_SYMBOL_BYTES, from, to - from, ret, e);
}

/* A first row of a run: the run ends where the next one begins, or at `total`. Both are the second
 * u32 of their rows from column `col`. */
static int run_of(struct index *ix, enum index_section sec, uint32_t i, unsigned col,
		  uint32_t first, uint32_t total, uint32_t *ret_n, struct err *e)
{
	uint32_t next = total;
	struct rd rd;

	if (i + 1 < ix->sec[sec].rows) {
		if (index_row(ix, sec, i + 1, &rd, e) < 0)
			return -1;
		rd.off = col;
		next = rd_u32be(&rd);
	}
	if (next < first || next > total)
		return err_set(e, ERR_CORRUPT, "section %d, row %u: a run from %u to %u of %u", sec,
			       i, first, next, total);
	*ret_n = next - first;
	return 0;
}

int index_name_at(struct index *ix, uint32_t i, struct index_name *ret, struct err *e)
{
	struct index_name n;
	struct rd rd;

	if (index_row(ix, SEC_NAMES, i, &rd, e) < 0 ||
	    index_symbol(ix, rd_u32be(&rd), &n.name, e) < 0)
		return -1;
	n.first_pair = rd_u32be(&rd);
	if (run_of(ix, SEC_NAMES, i, 4, n.first_pair, ix->info.n_pairs, &n.n_pairs, e) < 0)
		return -1;
	*ret = n;
	return 0;
}

/* What a sorted row is found by. */
typedef int row_key_fn(struct index *ix, uint32_t i, struct bytes *ret, struct err *e);

/* Among the rows from lo to below hi, by ascending keys: 1 and the row that has it, 0, or -1. */
static int find_row(struct index *ix, uint32_t lo, uint32_t hi, row_key_fn *key_at,
		    struct bytes key, uint32_t *ret, struct err *e)
{
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		struct bytes found;
		int c;

		if (key_at(ix, mid, &found, e) < 0)
			return -1;
		c = bytes_cmp(found, key);
		if (c == 0) {
			*ret = mid;
			return 1;
		}
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return 0;
}

static int name_key(struct index *ix, uint32_t i, struct bytes *ret, struct err *e)
{
	struct rd rd;

	return index_row(ix, SEC_NAMES, i, &rd, e) < 0 ? -1
						       : index_symbol(ix, rd_u32be(&rd), ret, e);
}

int index_name_find(struct index *ix, struct bytes name, struct index_name *ret, struct err *e)
{
	uint32_t i;
	int rc = find_row(ix, 0, ix->info.n_names, name_key, name, &i, e);

	if (rc <= 0)
		return rc;
	return index_name_at(ix, i, ret, e) < 0 ? -1 : 1;
}

int index_pair_at(struct index *ix, uint32_t i, struct index_pair *ret, struct err *e)
{
	struct index_pair p;
	struct rd rd;

	if (index_row(ix, SEC_PAIRS, i, &rd, e) < 0 ||
	    index_symbol(ix, rd_u32be(&rd), &p.name, e) < 0 ||
	    index_symbol(ix, rd_u32be(&rd), &p.value, e) < 0)
		return -1;
	rd_u32be(&rd);
	p.n_series = rd_u32be(&rd);
	*ret = p;
	return 0;
}

static int pair_key(struct index *ix, uint32_t i, struct bytes *ret, struct err *e)
{
	struct index_pair p;

	if (index_pair_at(ix, i, &p, e) < 0)
		return -1;
	*ret = p.value;
	return 0;
}

int index_pair_find(struct index *ix, struct bytes name, struct bytes value, uint32_t *ret_pair,
		    struct err *e)
{
	struct index_name n;
	int rc = index_name_find(ix, name, &n, e);

	if (rc <= 0)
		return rc;
	return find_row(ix, n.first_pair, n.first_pair + n.n_pairs, pair_key, value, ret_pair, e);
}

/* ---- series ---- */

int index_series_at(struct index *ix, uint32_t i, struct index_series *ret, struct err *e)
{
	struct index_series s;
	struct bytes id;
	struct rd rd;

	if (index_row(ix, SEC_SERIES, i, &rd, e) < 0)
		return -1;
	id = rd_bytes(&rd, sizeof(s.id.b));
	memcpy(s.id.b, id.p, sizeof(s.id.b));
	s.labels_at = rd_u32be(&rd);
	s.first_chunk = rd_u32be(&rd);
	if (run_of(ix, SEC_SERIES, i, 16, s.labels_at, ix->sec[SEC_LABELS].rows, &s.n_labels, e) <
		    0 ||
	    run_of(ix, SEC_SERIES, i, 20, s.first_chunk, ix->info.n_chunks, &s.n_chunks, e) < 0)
		return -1;
	if (s.n_labels > LABELS_MAX)
		return err_set(e, ERR_CORRUPT, "series %u has %u labels", i, s.n_labels);
	*ret = s;
	return 0;
}

int index_series_find(struct index *ix, const struct hash128 *id, uint32_t *ret_series,
		      struct err *e)
{
	uint32_t lo = 0, hi = ix->info.n_series;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2, at;
		struct bytes found;
		struct rd rd;
		int c;

		if (index_row(ix, SEC_BY_ID, mid, &rd, e) < 0)
			return -1;
		at = rd_u32be(&rd);
		if (index_row(ix, SEC_SERIES, at, &rd, e) < 0)
			return err_wrap(e, "row %u by id", mid);
		found = rd_bytes(&rd, sizeof(id->b));
		c = memcmp(found.p, id->b, sizeof(id->b));
		if (c == 0) {
			*ret_series = at;
			return 1;
		}
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return 0;
}

static int label_of_pair(struct index *ix, uint32_t pair, struct label *known, struct label *ret,
			 struct err *e)
{
	struct index_pair p;

	if (known && pair < ix->info.n_pairs && known[pair].name.p) {
		*ret = known[pair];
		return 0;
	}
	if (index_pair_at(ix, pair, &p, e) < 0)
		return -1;
	*ret = (struct label){ p.name, p.value };
	if (known)
		known[pair] = *ret;
	return 0;
}

int index_labels_of(struct index *ix, uint32_t i, const struct index_series *s, struct label *known,
		    struct arena *a, struct labels *ret, struct err *e)
{
	struct labels l = { .n = s->n_labels };
	struct bytes rows;
	struct rd rd;

	if (get_rows(ix, SEC_LABELS, s->labels_at, s->n_labels, &rows, e) < 0)
		return -1;
	l.v = arena_alloc(a, l.n * sizeof(*l.v));
	rd = rd_init(rows);
	for (size_t k = 0; k < l.n; k++) {
		if (label_of_pair(ix, rd_u32be(&rd), known, &l.v[k], e) < 0)
			return err_wrap(e, "label %zu of series %u", k, i);
		if (k && bytes_cmp(l.v[k - 1].name, l.v[k].name) >= 0)
			return err_set(e, ERR_CORRUPT, "labels of series %u are not in order", i);
	}
	*ret = l;
	return 0;
}

int index_series_labels(struct index *ix, uint32_t i, struct arena *a, struct labels *ret,
			struct err *e)
{
	struct index_series s;

	return index_series_at(ix, i, &s, e) < 0 ? -1 : index_labels_of(ix, i, &s, NULL, a, ret, e);
}

/* ---- chunks, blocks, packs ---- */

int index_chunk_at(struct index *ix, uint32_t i, struct index_chunk *ret, struct err *e)
{
	struct index_chunk c;
	uint64_t span;
	struct rd rd;

	if (index_row(ix, SEC_CHUNKS, i, &rd, e) < 0)
		return -1;
	c.pack = rd_u32be(&rd);
	c.first_block = rd_u32be(&rd);
	c.offset = rd_u64be(&rd);
	c.from = rd_i64be(&rd);
	span = rd_u64be(&rd);
	c.length = rd_u32be(&rd);
	c.head_len = rd_u32be(&rd);
	c.entries = rd_u32be(&rd);
	c.encoding = rd_u8(&rd);
	if (c.pack >= ix->info.n_packs)
		return err_set(e, ERR_CORRUPT, "chunk %u lies in pack %u of %u", i, c.pack,
			       ix->info.n_packs);
	if (c.head_len > c.length || c.offset > INT64_MAX)
		return err_set(e, ERR_CORRUPT, "chunk %u: a head of %u bytes in %u", i, c.head_len,
			       c.length);
	if (__builtin_add_overflow(c.from, span, &c.through))
		return err_set(e, ERR_CORRUPT, "chunk %u: its last time is out of range", i);
	if (run_of(ix, SEC_CHUNKS, i, 4, c.first_block, ix->info.n_blocks, &c.n_blocks, e) < 0)
		return -1;
	*ret = c;
	return 0;
}

int index_block_at(struct index *ix, const struct index_chunk *c, uint32_t k,
		   struct index_block *ret, struct err *e)
{
	struct index_block b;
	uint64_t delta, span;
	struct rd rd;

	if (k >= c->n_blocks)
		return err_set(e, ERR_CORRUPT, "there is no block %u in a chunk of %u", k,
			       c->n_blocks);
	if (index_row(ix, SEC_BLOCKS, c->first_block + k, &rd, e) < 0)
		return -1;
	delta = rd_u64be(&rd);
	span = rd_u64be(&rd);
	b.offset = rd_u32be(&rd);
	b.length = rd_u32be(&rd);
	b.side_len = rd_u32be(&rd);
	b.entries = rd_u32be(&rd);
	b.line_bytes = rd_u32be(&rd);
	b.meta_bytes = rd_u32be(&rd);
	if (__builtin_add_overflow(c->from, delta, &b.min_ts) ||
	    __builtin_add_overflow(b.min_ts, span, &b.max_ts) || b.max_ts > c->through)
		return err_set(e, ERR_CORRUPT, "block %u: its times lie outside its chunk's",
			       c->first_block + k);
	if (b.offset < c->head_len || b.offset > c->length || b.length > c->length - b.offset ||
	    b.side_len > b.length)
		return err_set(e, ERR_CORRUPT, "block %u: its bytes lie outside its chunk",
			       c->first_block + k);
	*ret = b;
	return 0;
}

int index_pack_at(struct index *ix, uint32_t i, struct index_pack *ret, struct err *e)
{
	struct index_pack p;
	struct bytes name;
	struct rd rd;

	if (index_row(ix, SEC_PACKS, i, &rd, e) < 0)
		return -1;
	name = rd_bytes(&rd, sizeof(p.name.b));
	memcpy(p.name.b, name.p, sizeof(p.name.b));
	p.size = rd_u64be(&rd);
	p.order_key = rd_i64be(&rd);
	p.min_ts = rd_i64be(&rd);
	p.max_ts = rd_i64be(&rd);
	p.entries = rd_u64be(&rd);
	p.n_chunks = rd_u32be(&rd);
	p.trailer_len = rd_u32be(&rd);
	*ret = p;
	return 0;
}

/* ---- what it replaces ---- */

int index_list(struct index *ix, enum index_list which, const struct hash128 **ret, struct err *e)
{
	static const enum index_section sec[] = {
		[INDEX_SEGMENTS] = SEC_SEGMENTS,
		[INDEX_INDEXES] = SEC_INDEXES,
		[INDEX_OLD_PACKS] = SEC_OLD_PACKS,
	};
	struct bytes rows;

	if (get_rows(ix, sec[which], 0, ix->sec[sec[which]].rows, &rows, e) < 0)
		return -1;
	*ret = (const struct hash128 *)rows.p; /* 16 bytes each, no order of bytes, no alignment */
	for (uint32_t i = 1; i < ix->sec[sec[which]].rows; i++)
		if (hash128_cmp(&(*ret)[i - 1], &(*ret)[i]) >= 0)
			return err_set(e, ERR_CORRUPT, "section %d: row %u is not in order",
				       sec[which], i);
	return 0;
}
