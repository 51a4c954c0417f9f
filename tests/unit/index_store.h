/* A store of its own for each test of index/, and what is asked of it. */
#ifndef TESTS_INDEX_STORE_H
#define TESTS_INDEX_STORE_H

#include "own_store.h"
#include "packs.h"

#include "index/build.h"
#include "index/check.h"
#include "index/cover.h"

enum { DAY = 20000 };

struct made {
	struct buf names; /* of index files, one a line */
	size_t n_made, n_faults, n_deleted;
	struct hash128 last_name; /* of the last index file */
	struct err last;
};

static inline void on_fault(const struct err *e, void *data)
{
	struct made *m = data;

	m->n_faults++;
	m->last = *e;
}

static inline void on_check_fault(const struct index_fault *f, void *data)
{
	on_fault(&f->err, data);
}

static inline void on_made(const char *name, const struct index_info *in, void *data)
{
	struct made *m = data;

	m->last_name = in->name;
	m->n_made++;
	buf_addf(&m->names, "%s\n", name);
}

static inline void on_deleted(const char *name, void *data)
{
	struct made *m = data;

	(void)name;
	m->n_deleted++;
}

static inline struct build_events events_of(struct made *m)
{
	buf_reset(&m->names);
	m->n_made = m->n_faults = m->n_deleted = 0;
	return (struct build_events){ on_fault, on_made, on_deleted, m };
}

struct fixture {
	char *path;
	struct store *s;
	struct made m;
};

static inline int setup(void **state)
{
	struct fixture *f = mem_alloc(sizeof(*f));

	f->s = own_store_open(&f->path);
	*state = f;
	return 0;
}

static inline int teardown(void **state)
{
	struct fixture *f = *state;

	own_store_close(f->s, f->path);
	buf_release(&f->m.names);
	free(f);
	return 0;
}

/* Builds, and expects so many files and faults. */
static inline void build(struct fixture *f, const struct store_name *names, size_t n, size_t n_made,
			 size_t n_faults)
{
	struct build_events ev = events_of(&f->m);
	struct err e = { 0 };
	int64_t rc = index_build(f->s, names, n, &ev, &e);

	if (rc < 0)
		fail_msg("%s", e.msg);
	assert_int_equal(rc, n_faults);
	assert_int_equal(f->m.n_made, n_made);
}

/* Loads the live ones; all must be right, to their packs too. */
static inline struct live load(struct fixture *f, size_t n_live)
{
	struct index_beside beside;
	struct live l;
	struct err e;

	assert_int_equal(0, live_load(f->s, BYTES_LIT("fake"), DAY, &l, &e));
	assert_int_equal(l.n_faults, 0);
	assert_int_equal(l.n, n_live);
	assert_int_equal(0, live_known_packs(&l, &beside.known, &e));
	for (size_t i = 0; i < l.n; i++) {
		f->m.last.msg[0] = '\0';
		beside.skip_pack = l.skip_pack[i];
		beside.leave = NULL;
		if (index_check(f->s, l.v[i], &beside, on_check_fault, &f->m) != 0)
			fail_msg("%s", f->m.last.msg);
	}
	free(beside.known.v);
	return l;
}

static inline uint64_t live_entries(const struct live *l)
{
	uint64_t n = 0;

	for (size_t i = 0; i < l->n; i++)
		for (uint32_t p = 0; p < index_info(l->v[i])->n_packs; p++) {
			struct index_pack row;

			assert_int_equal(0, index_pack_at(l->v[i], p, &row, NULL));
			if (!l->skip_pack[i][p])
				n += row.entries;
		}
	return n;
}

static inline int covered(struct fixture *f, struct hash128 seg)
{
	struct cover *c = cover_new(f->s);
	struct err e;
	int rc = cover_has(c, &seg, BYTES_LIT("fake"), DAY, &e);

	assert_int_equal(rc, cover_is_sound(c, &seg, BYTES_LIT("fake"), DAY, &e));
	assert_int_equal(0, cover_has(c, &seg, BYTES_LIT("fake"), DAY + 1, &e));
	assert_int_equal(0, cover_has(c, &seg, BYTES_LIT("other"), DAY, &e));
	cover_free(c);
	return rc;
}

static inline void flip(struct fixture *f, const struct store_name *sn, int64_t off)
{
	struct buf path = { 0 };
	FILE *file;
	int c;

	buf_addf(&path, "%s/", f->path);
	store_name_add(&path, sn);
	file = fopen(buf_str(&path), "r+b");
	assert_non_null(file);
	assert_int_equal(0, fseek(file, (long)off, off < 0 ? SEEK_END : SEEK_SET));
	c = fgetc(file);
	assert_int_equal(0, fseek(file, (long)off, off < 0 ? SEEK_END : SEEK_SET));
	fputc(c ^ 1, file);
	fclose(file);
	buf_release(&path);
}

#endif
