/*
 * Reading through the cache. What is kept are pages of 64 KiB, whatever was asked for: so what one
 * query read serves another that wants a bit more or less. Only of objects whose names are made of
 * their bytes, which never change.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "store/backend.h"
#include "store/cache.h"

enum { PAGE = 64 << 10 };

/* A page as one of the ranges needs it. */
struct use {
	struct store_file *file;
	uint64_t off; /* of the page */
	struct store_read *read;
	struct page *page;
};

struct page {
	struct store_file *file;
	uint64_t off;
	size_t n;
	char *p; /* in a range that has all of it, else in memory of our own */
	bool missing;
	struct err err;
};

static bool ends(const char *name, const char *suffix)
{
	size_t n = strlen(name), k = strlen(suffix);

	return n >= k && strcmp(name + n - k, suffix) == 0;
}

static bool is_kept(const struct store_file *f)
{
	return ends(f->name, ".idx") || ends(f->name, ".requests") ||
	       (f->store->cached == STORE_CACHED_ALL && ends(f->name, ".pack"));
}

static size_t page_len(const struct store_file *f, uint64_t off)
{
	return f->size - off < PAGE ? f->size - off : PAGE;
}

static struct cache_key key_of(const struct store_file *f, uint64_t off)
{
	return (struct cache_key){ bytes_str(f->store->place), bytes_str(f->name), off,
				   page_len(f, off) };
}

static int by_place(const void *pa, const void *pb)
{
	const struct use *a = pa, *b = pb;

	if (a->file != b->file)
		return a->file < b->file ? -1 : 1;
	return (a->off > b->off) - (a->off < b->off);
}

static struct use *find_uses(struct store_read *v, size_t n, size_t *ret_n)
{
	struct use *uses = NULL;
	size_t k = 0, cap = 0;

	for (size_t i = 0; i < n; i++)
		for (uint64_t off = v[i].off / PAGE * PAGE; off < v[i].off + v[i].n; off += PAGE) {
			mem_grow(&uses, &cap, k + 1, sizeof(*uses));
			uses[k++] = (struct use){ v[i].file, off, &v[i], NULL };
		}
	if (k > 0)
		qsort(uses, k, sizeof(*uses), by_place);
	*ret_n = k;
	return uses;
}

/* Where in the range the page begins, if that has all of it. */
static char *whole_in(const struct use *u, size_t n)
{
	const struct store_read *r = u->read;

	return u->off >= r->off && u->off + n <= r->off + r->n ? (char *)r->p + (u->off - r->off)
							       : NULL;
}

/* One page for all uses of it. Those of our own lie in *ret_own one after another. */
static struct page *make_pages(struct use *uses, size_t n, size_t *ret_n, char **ret_own)
{
	struct page *pages = mem_alloc(n * sizeof(*pages));
	size_t k = 0, n_own = 0;

	for (size_t i = 0; i < n; i++) {
		size_t len = page_len(uses[i].file, uses[i].off);

		if (k == 0 || pages[k - 1].file != uses[i].file || pages[k - 1].off != uses[i].off)
			pages[k++] =
				(struct page){ .file = uses[i].file, .off = uses[i].off, .n = len };
		uses[i].page = &pages[k - 1];
		if (!pages[k - 1].p)
			pages[k - 1].p = whole_in(&uses[i], len);
	}
	for (size_t i = 0; i < k; i++)
		n_own += !pages[i].p;
	*ret_own = mem_alloc(n_own * PAGE + 1);
	for (size_t i = 0, own = 0; i < k; i++)
		if (!pages[i].p)
			pages[i].p = *ret_own + PAGE * own++;
	*ret_n = k;
	return pages;
}

static bool follows(const struct store_read *r, const struct page *x)
{
	return r->file == x->file && r->off + r->n == x->off && (char *)r->p + r->n == x->p;
}

/* Those the cache has not, as reads: neighbours in one when their memory is. */
static void read_missing(struct store *s, struct page *pages, size_t n)
{
	struct store_read *v = mem_alloc(n * sizeof(*v));
	size_t k = 0;

	for (size_t i = 0; i < n; i++) {
		struct cache_key key = key_of(pages[i].file, pages[i].off);

		pages[i].missing = !cache_get(s->cache, &key, pages[i].p);
		if (!pages[i].missing)
			continue;
		if (k && follows(&v[k - 1], &pages[i]))
			v[k - 1].n += pages[i].n;
		else
			v[k++] = (struct store_read){
				pages[i].file, pages[i].off, pages[i].p, pages[i].n, { 0 }
			};
	}
	if (k)
		store_join_read(s, v, k);
	for (size_t i = 0, r = 0; i < n; i++) {
		struct cache_key key = key_of(pages[i].file, pages[i].off);

		if (!pages[i].missing)
			continue;
		while (v[r].file != pages[i].file || v[r].off + v[r].n <= pages[i].off)
			r++;
		pages[i].err = v[r].err;
		if (v[r].err.code == ERR_NONE)
			cache_put(s->cache, &key, pages[i].p);
	}
	free(v);
}

/* Hands a range its part of the page. */
static void hand_out(const struct use *u)
{
	const struct page *x = u->page;
	struct store_read *r = u->read;
	uint64_t from = r->off > x->off ? r->off : x->off;
	uint64_t end = r->off + r->n < x->off + x->n ? r->off + r->n : x->off + x->n;
	char *to = (char *)r->p + (from - r->off), *at = x->p + (from - x->off);

	if (x->err.code != ERR_NONE)
		r->err = x->err;
	else if (to != at)
		memcpy(to, at, end - from);
}

static void read_kept(struct store *s, struct store_read *v, size_t n)
{
	struct use *uses;
	struct page *pages;
	size_t n_uses, n_pages;
	char *own;

	uses = find_uses(v, n, &n_uses);
	pages = make_pages(uses, n_uses, &n_pages, &own);
	read_missing(s, pages, n_pages);
	for (size_t i = 0; i < n_uses; i++)
		hand_out(&uses[i]);
	free(own);
	free(pages);
	free(uses);
}

void store_paged_read(struct store *s, struct store_read *v, size_t n)
{
	size_t i = 0;

	while (i < n) { /* as many at once as are of one sort */
		bool kept = is_kept(v[i].file);
		size_t end = i + 1;

		while (end < n && is_kept(v[end].file) == kept)
			end++;
		if (kept)
			read_kept(s, v + i, end - i);
		else
			store_join_read(s, v + i, end - i);
		i = end;
	}
}

void store_paged_drop(struct store_file *f, uint64_t off, uint64_t n)
{
	if (!is_kept(f))
		return;
	for (uint64_t at = off / PAGE * PAGE; at < f->size && at < off + n; at += PAGE) {
		struct cache_key key = key_of(f, at);

		cache_drop(f->store->cache, &key);
	}
}
