/* What all kinds of stores have in common; the rest is up to each (store/backend.h). */
#include "store/store.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/num.h"
#include "store/backend.h"
#include "store/cache.h"
#include "store/names.h"
#include "store/s3.h"
#include "time/time.h"

enum { PIECE = 8 << 20 };

const char store_format_name[] = "~lokid/format";
static const char format_start[] = "lokid store ";

void store_format_add(const struct store *s, struct buf *b)
{
	buf_addf(b, "%s%d", format_start, STORE_FORMAT);
	store_parts_add_mark(b, s->lacks);
	buf_add_char(b, '\n');
}

int store_format_check(struct store *s, struct bytes text, struct err *e)
{
	struct bytes b = bytes_trim(text), number;
	bool good = bytes_starts(b, bytes_str(format_start));
	uint64_t version;

	b = bytes_sub(b, sizeof(format_start) - 1, b.n);
	if (!good || !bytes_split(&b, ' ', &number) || !num_u64(number, &version))
		return err_set(e, ERR_CORRUPT,
			       "'%s/%s': expected '%sN'; 'idxbuild --fsck --repair' writes it "
			       "anew",
			       s->path, store_format_name, format_start);
	if (version != STORE_FORMAT)
		return err_set(e, ERR_VERSION, "store '%s' has format %llu; this program knows %d",
			       s->path, (unsigned long long)version, STORE_FORMAT);
	if (!store_parts_read_mark(b, &s->marked))
		return err_set(e, ERR_CORRUPT,
			       "'%s/%s': expected 'without' and parts, found '%.*s'", s->path,
			       store_format_name, BYTES_ARG(b));
	return 0;
}

int store_not_marked(const struct store *s, struct err *e)
{
	return err_set(e, ERR_IO, "'%s' is no store: it has no '%s'", s->path, store_format_name);
}

/* Stores that lie in one another would see each other's tenants. */
int store_not_empty(struct store *s, const char *there, struct err *e)
{
	struct bytes rest = bytes_str(there), first;
	struct store_object o;
	struct buf mark = { 0 };
	bool nested;

	bytes_split(&rest, '/', &first);
	buf_addf(&mark, "%.*s/%s", BYTES_ARG(first), store_format_name);
	nested = s->ops->has(s, buf_str(&mark), &o, NULL) == 1;
	buf_release(&mark);
	return err_set(e, ERR_IO, "'%s' is no store: it has no '%s', and %s'%.*s' lies in it",
		       s->path, store_format_name, nested ? "the store " : "", BYTES_ARG(first));
}

bool store_is_no_object(const char *name)
{
	const char *slash = strrchr(name, '/'), *last = slash ? slash + 1 : name;
	size_t n = strlen(last);

	return last[0] == '.' || (n >= 4 && memcmp(last + n - 4, ".tmp", 4) == 0);
}

bool store_is_url(const char *path)
{
	return s3_is_url(path);
}

static struct store *open_one(const char *path, enum store_mode mode, unsigned lacks, struct err *e)
{
	size_t n = strlen(path);
	struct store *s;
	char *own;

	if (s3_is_url(path))
		return store_s3_open(path, mode, lacks, e);
	if (store_path_check(path, e) < 0)
		return NULL;
	while (n > 1 && path[n - 1] == '/')
		n--;
	own = strndup(path, n);
	s = store_dir_open(own, mode, lacks, e);
	free(own);
	return s;
}

struct store *store_open(const char *path, enum store_mode mode, struct err *e)
{
	return store_parts_open(path, mode, open_one, e);
}

struct store *store_open_marked(const char *path, struct err *e)
{
	struct store *s = store_open(path, STORE_READ, e);

	if (!s && e->code == ERR_NO)
		e->code = ERR_IO; /* it was asked for by name */
	if (!s || store_check_mark(s, e) == 0)
		return s;
	store_close(s);
	return NULL;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	for (int i = 0; i < STORE_PARTS; i++)
		store_close(s->part[i]);
	s->ops->close(s);
}

const char *store_path(const struct store *s)
{
	return s->path;
}

const char *store_peer(const struct store *s)
{
	return s->peer;
}

bool store_is_away(const struct store *s)
{
	return atomic_load(&s->away);
}

bool store_is_remote(const struct store *s)
{
	return s->remote;
}

void store_set_cache(struct store *s, struct cache *c, enum store_cached what)
{
	if (!s)
		return;
	s->cache = s->remote ? c : NULL;
	s->cached = what;
	for (int i = 0; i < STORE_PARTS; i++)
		store_set_cache(s->part[i], c, what);
}

void store_set_answer_age(struct store *s, int64_t age_ns)
{
	s->answer_age_ns = age_ns;
	for (int i = 0; i < STORE_PARTS; i++)
		if (s->part[i])
			store_set_answer_age(s->part[i], age_ns);
}

void store_set_deadline(struct store *s, int64_t at_ns)
{
	atomic_store(&s->deadline_ns, at_ns);
	for (int i = 0; i < STORE_PARTS; i++)
		if (s->part[i])
			store_set_deadline(s->part[i], at_ns);
}

int store_check_mark(struct store *s, struct err *e)
{
	int rc = s->ops->check_mark(s, e);

	if (rc == 0)
		rc = store_parts_check(s, e);
	for (int i = 0; i < STORE_PARTS && rc == 0; i++)
		if (s->part[i])
			rc = s->part[i]->ops->check_mark(s->part[i], e);
	return rc;
}

int store_mark(struct store *s, struct err *e)
{
	int rc = s->ops->mark(s, e);

	for (int i = 0; i < STORE_PARTS && rc == 0; i++)
		if (s->part[i])
			rc = s->part[i]->ops->mark(s->part[i], e);
	return rc;
}

/* ---- rounds ---- */

void store_round_begin(struct store *s)
{
	s = s->whole ? s->whole : s;
	if (atomic_fetch_add(&s->under_way, 1) == 0)
		s->rounds++;
}

void store_round_end(struct store *s)
{
	s = s->whole ? s->whole : s;
	atomic_fetch_sub(&s->under_way, 1);
}

/* ---- listing ---- */

struct plain {
	store_each_fn *each;
	void *data;
};

static int without_date(const struct store_object *o, void *data, struct err *e)
{
	const struct plain *p = data;

	return p->each(o->name, o->size, p->data, e);
}

int store_list(struct store *s, const char *folder, store_each_fn *each, void *data, struct err *e)
{
	struct plain p = { each, data };

	return store_list_objects(s, folder, without_date, &p, e);
}

int store_list_one(struct store *s, const char *folder, store_object_fn *each, void *data,
		   struct err *e)
{
	return s->cache && s->answer_age_ns ? store_kept_list(s, folder, each, data, e)
					    : s->ops->list(s, folder, each, data, e);
}

int store_list_objects(struct store *s, const char *folder, store_object_fn *each, void *data,
		       struct err *e)
{
	if (store_parts_share(s, folder))
		return store_parts_list(s, folder, each, data, e);
	return store_parts_list_one(store_part(s, folder), folder, each, data, e);
}

int store_ask_folders(struct store *s, const char *folder, store_object_fn *each, void *data,
		      struct err *e)
{
	return s->ops->list_folders(s, folder, each, data, e);
}

int store_list_folders(struct store *s, const char *folder, store_each_fn *each, void *data,
		       struct err *e)
{
	struct plain p = { each, data };

	if (store_parts_share(s, folder))
		return store_parts_list_folders(s, folder, without_date, &p, e);
	return store_ask_folders(store_part(s, folder), folder, without_date, &p, e);
}

/* The folder of what is the store's own is in that of the rules, too. That may be of somebody who
 * lets us only read: then it is his to tidy. */
static int leftovers(struct store *s, const char *folder, uint64_t *ret_n, struct err *e)
{
	struct store *main = store_part(s, folder), *rules = s->part[PART_RULES];

	if (main->ops->leftovers(main, folder, ret_n, e) < 0)
		return -1;
	if (rules && strcmp(folder, STORE_OWN_FOLDER) == 0)
		(void)!rules->ops->leftovers(rules, folder, ret_n, NULL);
	return 0;
}

int store_sweep(struct store *s, const char *folder, struct err *e)
{
	return leftovers(s, folder, NULL, e);
}

int store_abandoned(struct store *s, const char *folder, uint64_t *ret_n, struct err *e)
{
	return leftovers(s, folder, ret_n, e);
}

/* ---- reading ---- */

static int file_open(struct store *s, const char *name, const uint64_t *size,
		     struct store_file *ret, struct err *e)
{
	struct store_file f = { .store = store_part(s, name) };

	s = f.store;
	if (s->ops->file_open(s, name, size, &f, e) < 0)
		return -1;
	*ret = f;
	return 0;
}

int store_file_open(struct store *s, const char *name, struct store_file *ret, struct err *e)
{
	return file_open(s, name, NULL, ret, e);
}

int store_file_open_sized(struct store *s, const char *name, uint64_t size, struct store_file *ret,
			  struct err *e)
{
	return file_open(s, name, &size, ret, e);
}

/* 1 it is left to the store; 0 done; -1 failed. */
static int read_here(struct store_read *r)
{
	const struct store_file *f = r->file;

	r->err.code = ERR_NONE;
	if (r->off > f->size || r->n > f->size - r->off)
		return err_set(&r->err, ERR_CORRUPT,
			       "cut short: expected %zu bytes at offset %llu of %llu", r->n,
			       (unsigned long long)r->off, (unsigned long long)f->size);
	if (r->n == 0)
		return 0;
	if (!f->map.n)
		return 1;
	memcpy(r->p, f->map.p + r->off, r->n);
	return 0;
}

/* Those that are left to the store: of each of its stores at once as many as follow one another. */
static void read_there(struct store_read *v, size_t n)
{
	for (size_t i = 0, end; i < n; i = end) {
		struct store *s = v[i].file->store;

		for (end = i + 1; end < n && v[end].file->store == s;)
			end++;
		if (s->cache)
			store_paged_read(s, v + i, end - i);
		else if (s->remote)
			store_join_read(s, v + i, end - i);
		else
			s->ops->read_all(s, v + i, end - i);
	}
}

int store_file_read(struct store_file *f, uint64_t off, void *p, size_t n, struct err *e)
{
	struct store_read r = { .file = f, .off = off, .p = p, .n = n };

	if (read_here(&r) > 0)
		read_there(&r, 1);
	if (r.err.code == ERR_NONE)
		return 0;
	return err_set(e, r.err.code, "%s", r.err.msg);
}

int store_file_pieces(struct store_file *f, store_piece_fn *each, void *data, struct err *e)
{
	size_t most = f->size < PIECE ? (size_t)f->size : PIECE;
	char *p = mem_alloc(most + 1);
	int rc = 0;

	for (uint64_t off = 0; off < f->size && rc == 0; off += most) {
		size_t n = f->size - off < most ? (size_t)(f->size - off) : most;

		rc = store_file_read(f, off, p, n, e);
		if (rc == 0)
			rc = each(bytes_of(p, n), data, e);
	}
	free(p);
	return rc;
}

int store_read_all(struct store_read *v, size_t n, struct err *e)
{
	size_t i = 0;

	while (i < n) { /* as many at once as follow one another */
		size_t end = i;

		while (end < n && read_here(&v[end]) > 0)
			end++;
		if (end > i)
			read_there(v + i, end - i);
		i = end + (end < n);
	}
	for (i = 0; i < n; i++)
		if (v[i].err.code != ERR_NONE)
			return err_set(e, v[i].err.code, "%s", v[i].err.msg);
	return 0;
}

/* Memory for the whole of it, and the read that fills it. */
static int begin_map(struct store_file *f, struct store_read *r, struct err *e)
{
	f->owned = mem_try(f->size, e);
	*r = (struct store_read){ .file = f, .p = f->owned, .n = f->owned ? f->size : 0 };
	return f->owned ? 0 : -1;
}

static void end_map(struct store_file *f, const struct store_read *r)
{
	if (r->err.code == ERR_NONE) {
		f->map = bytes_of(f->owned, f->size);
		return;
	}
	free(f->owned);
	f->owned = NULL;
}

void store_map_all(struct store_file *const *v, size_t n, struct err *ret_errs)
{
	struct store_read *reads = mem_alloc((n + 1) * sizeof(*reads));
	bool *begun = mem_alloc((n + 1) * sizeof(*begun));
	size_t k = 0;

	for (size_t i = 0; i < n; i++) {
		ret_errs[i].code = ERR_NONE;
		if (v[i]->map.n || v[i]->size == 0)
			continue;
		if (!v[i]->store->remote) {
			(void)!v[i]->store->ops->file_map(v[i], &ret_errs[i]);
			continue;
		}
		begun[i] = begin_map(v[i], &reads[k], &ret_errs[i]) == 0;
		k += begun[i];
	}
	if (k)
		read_there(reads, k);
	k = 0;
	for (size_t i = 0; i < n; i++) {
		if (!begun[i])
			continue;
		ret_errs[i] = reads[k].err;
		end_map(v[i], &reads[k++]);
	}
	free(begun);
	free(reads);
}

/* By the store, which may have better places for a large one than memory. */
int store_file_map(struct store_file *f, struct err *e)
{
	return f->map.n ? 0 : f->store->ops->file_map(f, e);
}

void store_file_doubt(struct store_file *f, uint64_t off, uint64_t n)
{
	if (f->store->cache)
		store_paged_drop(f, off, n);
}

void store_file_close(struct store_file *f)
{
	free(f->owned);
	if (f->owned)
		f->map = bytes_of(NULL, 0);
	if (f->store)
		f->store->ops->file_close(f);
	*f = (struct store_file){ 0 };
}

int store_get(struct store *s, const char *name, size_t max, struct buf *b, struct err *e)
{
	s = store_part(s, name);
	return s->cache && s->answer_age_ns ? store_kept_get(s, name, max, b, e)
					    : s->ops->get(s, name, max, b, e);
}

static int has(struct store *s, const char *name, struct store_object *ret, struct err *e)
{
	s = store_part(s, name);
	return s->ops->has(s, name, ret, e);
}

/* Bytes have no version: who asks for the first of them is refused for nothing else. */
bool store_is_archived(struct store *s, const char *name)
{
	struct store_file f = { 0 };
	struct err why = { 0 };
	char first;
	int rc = store_file_open_sized(s, name, 1, &f, &why);

	if (rc == 0)
		rc = store_file_read(&f, 0, &first, 1, &why);
	store_file_close(&f);
	return rc < 0 && why.code == ERR_VERSION;
}

int store_has(struct store *s, const char *name, uint64_t *ret_size, struct err *e)
{
	struct store_object o;
	int rc = has(s, name, &o, e);

	if (rc == 1 && ret_size)
		*ret_size = o.size;
	return rc;
}

int store_now(struct store *s, const char *name, int64_t *ret_ns, struct err *e)
{
	s = store_part(s, name);
	return s->ops->now(s, ret_ns, e);
}

int64_t store_now_to_look(struct store *s, const char *name)
{
	int64_t ns;

	return store_now(s, name, &ns, NULL) < 0 ? time_now_ns() : ns;
}

/* ---- writing ---- */

struct store_put *store_put_new(struct store *s, const char *folder, struct err *e)
{
	struct store_put *p;

	s = store_part(s, folder);
	p = s->ops->put_new(s, folder, e);
	if (p) {
		p->s = s;
		p->folder = strdup(folder);
		p->hash = hash_new();
	}
	return p;
}

int store_put_write(struct store_put *p, struct bytes b, struct err *e)
{
	hash_add(p->hash, b);
	return p->s->ops->put_write(p, b, e);
}

/* Takes p apart from what the store has of it. */
static void put_release(struct store_put *p)
{
	hash_free(p->hash);
	free(p->folder);
}

int store_put_commit(struct store_put *p, const char *suffix, struct hash128 *ret_hash,
		     struct buf *ret_name, struct err *e)
{
	struct hash128 h = hash_end(p->hash);
	struct buf name = { 0 };
	struct store *s = p->s;
	char hex[HASH128_HEX + 1];
	int rc;

	hash128_hex(&h, hex);
	buf_addf(&name, "%s%s%s", p->folder, hex, suffix);
	put_release(p);
	rc = s->ops->put_commit(p, buf_str(&name), e);
	if (rc == 0 && s->cache)
		rc = cache_forget_answers(s->cache, e);
	if (rc == 0) {
		*ret_hash = h;
		if (ret_name)
			buf_add_bytes(ret_name, buf_bytes(&name));
	}
	buf_release(&name);
	return rc;
}

void store_put_abort(struct store_put *p)
{
	if (!p)
		return;
	put_release(p);
	p->s->ops->put_abort(p);
}

int store_put_bytes(struct store *s, const char *folder, const char *suffix, struct bytes b,
		    struct hash128 *ret_hash, struct buf *ret_name, struct err *e)
{
	struct store_put *p = store_put_new(s, folder, e);

	if (!p)
		return -1;
	if (store_put_write(p, b, e) < 0) {
		store_put_abort(p);
		return -1;
	}
	return store_put_commit(p, suffix, ret_hash, ret_name, e);
}

int store_put_named(struct store *s, const char *name, struct bytes b, enum store_put_how how,
		    struct err *e)
{
	s = store_part(s, name);
	if (s->ops->put_named(s, name, b, how, e) < 0)
		return -1;
	return s->cache ? cache_forget_answers(s->cache, e) : 0;
}

int store_delete_all(struct store *s, char *const *names, size_t n, struct err *e)
{
	int rc = 0;

	for (size_t i = 0, end; i < n && rc == 0; i = end) {
		struct store *part = store_part(s, names[i]);

		for (end = i + 1; end < n && store_part(s, names[end]) == part;)
			end++;
		rc = part->ops->delete_all(part, names + i, end - i, e);
		if (rc == 0 && part->cache)
			rc = cache_forget_answers(part->cache, e);
	}
	return rc;
}

bool store_has_classes(const struct store *s)
{
	return s->ops->set_class != NULL;
}

int store_set_class(struct store *s, const char *name, uint64_t size, const char *storage_class,
		    struct err *e)
{
	s = store_part(s, name);
	if (!s->ops->set_class)
		return err_set(e, ERR_USAGE, "'%s' has no storage classes", s->path);
	return s->ops->set_class(s, name, size, storage_class, e);
}

int store_get_rules(struct store *s, struct buf *b, struct err *e)
{
	return s->ops->get_rules(s, b, e);
}

int store_put_rules(struct store *s, struct bytes text, struct err *e)
{
	return s->ops->put_rules(s, text, e);
}

int store_delete(struct store *s, const char *name, struct err *e)
{
	char *one = (char *)(uintptr_t)name;

	return store_delete_all(s, &one, 1, e);
}

/* ---- locks ---- */

struct store_lock *store_lock(struct store *s, const char *name, struct err *e)
{
	struct store_lock *l = s->ops->lock(s, name, e);

	if (l)
		l->s = s;
	return l;
}

void store_unlock(struct store_lock *l)
{
	if (l)
		l->s->ops->unlock(l);
}

/* ---- counters ---- */

void store_stats(const struct store *s, struct store_stats *ret)
{
	*ret = (struct store_stats){
		.puts = s->puts,
		.gets = s->gets,
		.lists = s->lists,
		.heads = s->heads,
		.deletes = s->deletes,
		.bytes_read = s->bytes_read,
		.bytes_written = s->bytes_written,
		.retries = s->retries,
		.rounds = s->rounds,
	};
	for (int i = 0; i < STORE_PARTS; i++) {
		struct store_stats part;

		if (!s->part[i])
			continue;
		store_stats(s->part[i], &part);
		store_stats_sum(ret, &part);
	}
}

void store_stats_add(const struct store_stats *st, struct buf *b)
{
	buf_addf(b, "%llu PUT, %llu GET, %llu LIST, %llu HEAD, %llu DELETE; read ",
		 (unsigned long long)st->puts, (unsigned long long)st->gets,
		 (unsigned long long)st->lists, (unsigned long long)st->heads,
		 (unsigned long long)st->deletes);
	num_add_size(b, st->bytes_read);
	buf_add_str(b, ", written ");
	num_add_size(b, st->bytes_written);
	buf_addf(b, "; %llu %s", (unsigned long long)st->retries,
		 num_word(st->retries, "retry", "retries"));
	if (st->rounds) {
		buf_add_str(b, "; ");
		num_add_count(b, st->rounds, "round of requests", "rounds of requests");
	}
}

void store_stats_sum(struct store_stats *to, const struct store_stats *more)
{
	to->puts += more->puts;
	to->gets += more->gets;
	to->lists += more->lists;
	to->heads += more->heads;
	to->deletes += more->deletes;
	to->bytes_read += more->bytes_read;
	to->bytes_written += more->bytes_written;
	to->retries += more->retries;
	to->rounds += more->rounds;
}
