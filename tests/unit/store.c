/* A folder as a store: names, listing, objects that appear whole or not, formats. */
#include "store_fixture.h"
#include "packs.h"

#include <pthread.h>
#include <sys/stat.h>

#include "base/io.h"
#include "labels/labels.h"

static void write_file(const struct fixture *f, const char *name, const char *text)
{
	struct buf path = { 0 };
	struct err e;

	buf_addf(&path, "%s/%s", f->path, name);
	assert_int_equal(0, file_replace_bytes(buf_str(&path), bytes_str(text), &e));
	buf_release(&path);
}

static void write_file_in(const struct fixture *f, const char *folder, const char *name)
{
	struct buf path = { 0 };
	struct err e;

	buf_addf(&path, "%s/%s", f->path, folder);
	assert_int_equal(0, io_mkdirs(buf_str(&path), &e));
	buf_reset(&path);
	buf_addf(&path, "%s/%s", folder, name);
	write_file(f, buf_str(&path), "x");
	buf_release(&path);
}

static int append(const char *name, uint64_t size, void *data, struct err *e)
{
	(void)e;
	buf_addf(data, "%s:%llu ", name, (unsigned long long)size);
	return 0;
}

static int refuse(const char *name, uint64_t size, void *data, struct err *e)
{
	(void)size;
	++*(int *)data;
	return err_set(e, ERR_LIMIT, "enough at %s", name);
}

static void names_round_trip(void **state)
{
	struct store_name n = { STORE_INDEX, 20468, BYTES_LIT("team-1"), test_id(4) }, back;
	struct buf text = { 0 }, path = { 0 };
	static const char *const bad[] = {
		"",
		"/",
		"a.pack",
		"fake/chunks/2026-01-15/0123456789abcdef0123456789abcdef.idx",
		"fake/index/2026-01-15/0123456789abcdef0123456789abcdef.pack",
		"fake/chunks/2026-01-15/0123456789abcdef0123456789abcde.pack",
		"fake/chunks/2026-01-15/0123456789abcdef0123456789abcdeg.pack",
		"fake/chunks/2026-13-15/0123456789abcdef0123456789abcdef.pack",
		"fake/chunk/2026-01-15/0123456789abcdef0123456789abcdef.pack",
		"../chunks/2026-01-15/0123456789abcdef0123456789abcdef.pack",
		"a~b/chunks/2026-01-15/0123456789abcdef0123456789abcdef.pack",
		"chunks/2026-01-15/0123456789abcdef0123456789abcdef.pack",
	};
	struct err e;

	(void)state;
	store_name_add(&text, &n);
	assert_true(bytes_starts(buf_bytes(&text), BYTES_LIT("team-1/index/2026-01-15/")));
	buf_addf(&path, "/srv//some where/%s", buf_str(&text));
	assert_int_equal(0, store_name_parse(buf_bytes(&path), &back, &e));
	assert_int_equal(back.kind, STORE_INDEX);
	assert_int_equal(back.day, n.day);
	assert_true(bytes_eq(back.tenant, n.tenant));
	assert_int_equal(0, hash128_cmp(&back.hash, &n.hash));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(-1, store_name_parse(bytes_str(bad[i]), &back, &e));
		assert_int_equal(e.code, ERR_USAGE);
	}
	buf_release(&text);
	buf_release(&path);
}

static void an_object_has_the_name_of_its_hash(void **state)
{
	struct fixture *f = *state;
	struct hash128 h = hash128(BYTES_LIT("hello")), got;
	struct buf name = { 0 }, again = { 0 }, list = { 0 };
	char hex[HASH128_HEX + 1], text[5];
	struct store_put *p;
	struct store_file file;
	uint64_t size;
	struct err e;

	hash128_hex(&h, hex);
	assert_int_equal(0, store_put_bytes(f->s, "t/chunks/d/", ".pack", BYTES_LIT("hello"), &got,
					    &name, &e));
	assert_int_equal(0, hash128_cmp(&h, &got));
	assert_non_null(strstr(buf_str(&name), hex));
	p = store_put_new(f->s, "t/chunks/d/", &e); /* the same bytes in pieces: the same object */
	assert_int_equal(0, store_put_write(p, BYTES_LIT("hel"), &e));
	assert_int_equal(0, store_put_write(p, BYTES_LIT("lo"), &e));
	assert_int_equal(0, store_put_commit(p, ".pack", &got, &again, &e));
	assert_string_equal(buf_str(&name), buf_str(&again));
	p = store_put_new(f->s, "t/chunks/d/", &e); /* never seen */
	assert_int_equal(0, store_put_write(p, BYTES_LIT("other"), &e));
	assert_int_equal(0, store_list(f->s, "", append, &list, &e));
	store_put_abort(p);
	buf_addf(&again, ":5 ");
	assert_string_equal(buf_str(&list), buf_str(&again));
	assert_int_equal(1, store_has(f->s, buf_str(&name), &size, &e));
	assert_int_equal(size, 5);
	assert_int_equal(0, store_file_open(f->s, buf_str(&name), &file, &e));
	assert_int_equal(0, store_file_read(&file, 1, text, 4, &e));
	assert_memory_equal(text, "ello", 4);
	assert_int_equal(-1, store_file_read(&file, 2, text, 4, &e));
	assert_int_equal(e.code, ERR_CORRUPT);
	assert_int_equal(0, store_delete(f->s, buf_str(&name), &e));
	assert_int_equal(0, store_file_map(&file, &e)); /* who has it open still reads it */
	assert_true(bytes_is(file.map, "hello"));
	store_file_close(&file);
	assert_int_equal(0, store_delete(f->s, buf_str(&name), &e));
	assert_int_equal(0, store_has(f->s, buf_str(&name), NULL, &e));
	assert_int_equal(-1, store_file_open(f->s, buf_str(&name), &file, &e));
	assert_int_equal(e.code, ERR_NO);
	buf_release(&name);
	buf_release(&again);
	buf_release(&list);
}

static void lists_in_order_what_is_the_stores(void **state)
{
	struct fixture *f = *state;
	struct buf list = { 0 };
	struct hash128 h;
	int calls = 0;
	struct err e;

	for (int i = 0; i < 3; i++) {
		static const char *const folders[] = { "b/x/", "a/x/", "a-b/x/" };

		assert_int_equal(
			0, store_put_bytes(f->s, folders[i], ".z", BYTES_LIT("1"), &h, NULL, &e));
	}
	write_file(f, "a/x/half.tmp", "left behind");
	write_file(f, "a/x/.hidden", "not ours");
	write_file(f, "a/x/zz", "22");
	assert_int_equal(0, store_list(f->s, "a/x/", append, &list, &e));
	assert_non_null(strstr(buf_str(&list), ".z:1 a/x/zz:2 "));
	buf_reset(&list);
	assert_int_equal(0, store_list_folders(f->s, "", append, &list, &e));
	assert_string_equal(buf_str(&list), "a-b:0 a:0 b:0 ");
	buf_reset(&list);
	assert_int_equal(0, store_list(f->s, "none/", append, &list, &e));
	assert_int_equal(0, store_list_folders(f->s, "none/", append, &list, &e));
	assert_int_equal(list.n, 0);
	assert_int_equal(-1, store_list(f->s, "", refuse, &calls, &e));
	assert_int_equal(e.code, ERR_LIMIT);
	assert_int_equal(calls, 1);
	buf_release(&list);
}

static void formats_and_absence(void **state)
{
	struct fixture *f = *state;
	struct buf path = { 0 }, list = { 0 };
	struct store_file file;
	struct store *s;
	struct err e;

	buf_addf(&path, "%s/none", f->path);
	assert_null(store_open(buf_str(&path), STORE_READ, &e));
	assert_int_equal(e.code, ERR_NO);
	s = store_open(buf_str(&path), STORE_READ_IF_THERE, &e);
	assert_non_null(s);
	assert_int_equal(0, store_list(s, "", append, &list, &e));
	assert_int_equal(0, store_list_folders(s, "", append, &list, &e));
	assert_int_equal(0, store_has(s, "x", NULL, &e));
	assert_int_equal(-1, store_file_open(s, "x", &file, &e));
	assert_int_equal(e.code, ERR_NO);
	store_close(s);
	assert_null(store_open("", STORE_WRITE, &e));
	assert_int_equal(e.code, ERR_USAGE);
	write_file(f, "~lokid/format", "lokid store 2\n");
	for (int mode = STORE_READ; mode <= STORE_WRITE; mode++) {
		assert_null(store_open(f->path, (enum store_mode)mode, &e));
		assert_int_equal(e.code, ERR_VERSION);
	}
	write_file(f, "~lokid/format", "something\n");
	assert_null(store_open(f->path, STORE_WRITE, &e));
	assert_int_equal(e.code, ERR_CORRUPT);
	write_file(f, "~lokid/format", "lokid store 1\n");
	buf_reset(&path);
	buf_addf(&path, "%s//", f->path);
	s = store_open(buf_str(&path), STORE_READ, &e);
	assert_string_equal(store_path(s), f->path);
	store_close(s);
	buf_reset(&path);
	buf_addf(&path, "%s/~lokid/format", f->path);
	assert_null(store_open(buf_str(&path), STORE_READ, &e)); /* a file is no store */
	assert_int_equal(e.code, ERR_IO);
	buf_release(&path);
	buf_release(&list);
}

/* The programs of one pipe begin at once, and its end makes the store that its head looks at. */
static void a_store_that_is_being_made_is_empty(void **state)
{
	struct fixture *f = *state;
	struct buf path = { 0 };
	struct store *s;
	struct err e;

	buf_addf(&path, "%s/young/~lokid", f->path);
	assert_int_equal(0, io_mkdirs(path.p, &e));
	buf_reset(&path);
	buf_addf(&path, "%s/young", f->path);
	s = store_open(buf_str(&path), STORE_READ_IF_THERE, &e);
	assert_non_null(s);
	store_close(s);
	buf_release(&path);
}

/* Two that write the same object at once: one object, whole. */
static void twins_do_no_harm(void **state)
{
	struct fixture *f = *state;
	struct store *other;
	struct store_put *a, *b;
	struct hash128 ha, hb;
	struct buf name = { 0 }, list = { 0 };
	struct err e;

	other = store_open(f->path, STORE_WRITE, &e);
	a = store_put_new(f->s, "t/chunks/d/", &e);
	b = store_put_new(other, "t/chunks/d/", &e);
	assert_int_equal(0, store_put_write(a, BYTES_LIT("same"), &e));
	assert_int_equal(0, store_put_write(b, BYTES_LIT("same"), &e));
	assert_int_equal(0, store_put_commit(a, ".p", &ha, &name, &e));
	assert_int_equal(0, store_put_commit(b, ".p", &hb, NULL, &e));
	assert_int_equal(0, hash128_cmp(&ha, &hb));
	buf_addf(&name, ":4 ");
	assert_int_equal(0, store_list(f->s, "", append, &list, &e));
	assert_string_equal(buf_str(&list), buf_str(&name));
	store_close(other);
	buf_release(&name);
	buf_release(&list);
}

struct dating {
	const char *name;
	int64_t date_ns;
	int found;
};

static int look_at_date(const struct store_object *o, void *data, struct err *e)
{
	struct dating *d = data;

	(void)e;
	if (strcmp(o->name, d->name) == 0) {
		d->date_ns = o->date_ns;
		d->found++;
	}
	return 0;
}

static int64_t date_of(struct store *s, const char *name)
{
	struct dating d = { .name = name };
	struct err e;

	assert_int_equal(0, store_list_objects(s, "", look_at_date, &d, &e));
	assert_int_equal(1, d.found);
	return d.date_ns;
}

static void dates_are_the_stores(void **state)
{
	struct fixture *f = *state;
	int64_t before, after, date;
	struct buf path = { 0 };
	size_t n = 0;
	DIR *d;
	struct err e;

	assert_int_equal(0, store_now(f->s, "", &before, &e));
	write_file(f, "object", "x");
	date = date_of(f->s, "object");
	assert_int_equal(0, store_now(f->s, "", &after, &e));
	assert_true(before <= date && date <= after);
	set_date(f->path, "object", 12 * NS_PER_S + 345);
	date = date_of(f->s, "object");
	assert_int_equal(date, 12 * NS_PER_S + 345);
	assert_int_equal(0, store_delete(f->s, "~lokid/format", &e));
	buf_addf(&path, "%s/~lokid", f->path);
	assert_int_equal(0, io_opendir(buf_str(&path), &d, &e));
	while (readdir(d)) /* store_now leaves nothing */
		n++;
	closedir(d);
	buf_release(&path);
	assert_int_equal(n, 2); /* "." and ".." */
}

/* Whoever writes to a folder that has gone since makes it again. */
static void empty_folders_go_and_come_back(void **state)
{
	struct fixture *f = *state;
	const struct timespec long_ago[2] = { { .tv_sec = 1 }, { .tv_sec = 1 } };
	struct buf name = { 0 }, path = { 0 };
	struct hash128 h;
	struct err e;

	buf_addf(&path, "%s/a/x", f->path);
	for (int round = 0; round < 2; round++) {
		buf_reset(&name);
		assert_int_equal(
			0, store_put_bytes(f->s, "a/x/", ".z", BYTES_LIT("1"), &h, &name, &e));
		assert_int_equal(0, utimensat(AT_FDCWD, buf_str(&path), long_ago, 0));
		assert_int_equal(0, store_sweep(f->s, "a/", &e));
		assert_int_equal(1, store_has(f->s, buf_str(&name), NULL, &e));
		assert_int_equal(0, store_delete(f->s, buf_str(&name), &e));
		assert_int_equal(0, store_sweep(f->s, "a/", &e)); /* it has just changed */
		assert_int_equal(0, access(buf_str(&path), F_OK));
		assert_int_equal(0, utimensat(AT_FDCWD, buf_str(&path), long_ago, 0));
		assert_int_equal(0, store_sweep(f->s, "a/", &e));
		assert_int_equal(-1, access(buf_str(&path), F_OK));
	}
	buf_release(&name);
	buf_release(&path);
}

static void several_are_deleted_at_once(void **state)
{
	char *names[] = { "fake/a", "fake/none", "none/x", "other/b", "fake/c" };
	struct fixture *f = *state;
	struct buf found = { 0 };
	struct err e;

	assert_int_equal(0, store_delete_all(f->s, names, 0, &e));
	write_file_in(f, "fake", "a");
	write_file_in(f, "fake", "c");
	write_file_in(f, "fake", "d");
	write_file_in(f, "other", "b");
	assert_int_equal(0, store_delete_all(f->s, names, 5, &e));
	assert_int_equal(0, store_list(f->s, "", append, &found, &e));
	assert_string_equal(buf_str(&found), "fake/d:1 ");
	buf_release(&found);
	names[0] = "fake"; /* a folder */
	assert_int_equal(-1, store_delete_all(f->s, names, 1, &e));
	assert_int_equal(e.code, ERR_IO);
	assert_non_null(strstr(e.msg, "cannot delete"));
}

static void named_objects_are_replaced_whole(void **state)
{
	struct fixture *f = *state;
	struct buf b = { 0 };
	struct err e;

	assert_int_equal(-1, store_get(f->s, "fake/deletes/1.json", 100, &b, &e));
	assert_int_equal(e.code, ERR_NO);
	assert_int_equal(0, store_put_named(f->s, "fake/deletes/1.json", BYTES_LIT("one"),
					    STORE_PUT_NEW, &e));
	assert_int_equal(-1, store_put_named(f->s, "fake/deletes/1.json", BYTES_LIT("two"),
					     STORE_PUT_NEW, &e));
	assert_int_equal(e.code, ERR_AGAIN);
	assert_int_equal(0, store_get(f->s, "fake/deletes/1.json", 3, &b, &e));
	assert_int_equal(0, store_put_named(f->s, "fake/deletes/1.json", BYTES_LIT("three"),
					    STORE_PUT_ANY, &e));
	assert_int_equal(-1, store_get(f->s, "fake/deletes/1.json", 4, &b, &e));
	assert_int_equal(e.code, ERR_LIMIT);
	assert_int_equal(0, store_get(f->s, "fake/deletes/1.json", 5, &b, &e)); /* appended */
	assert_string_equal(buf_str(&b), "onethree");
	assert_int_equal(0, store_put_named(f->s, "hold", BYTES_LIT(""), STORE_PUT_ANY, &e));
	assert_int_equal(0, store_get(f->s, "hold", 0, &b, &e));
	buf_reset(&b);
	assert_int_equal(0, store_list(f->s, "", append, &b, &e)); /* nothing temporary is left */
	assert_string_equal(buf_str(&b), "fake/deletes/1.json:5 hold:0 ");
	buf_release(&b);
}

struct racer {
	pthread_t thread;
	struct store *s;
	char text[16];
	int rc;
};

static void *race(void *data)
{
	struct racer *r = data;
	struct err e;

	r->rc = store_put_named(r->s, "t/one", bytes_str(r->text), STORE_PUT_NEW, &e);
	if (r->rc < 0 && e.code != ERR_AGAIN)
		r->rc = -2;
	return NULL;
}

static void of_several_one_makes_it(void **state)
{
	struct fixture *f = *state;
	struct buf b = { 0 };
	struct racer r[8];
	int winner = -1;
	struct err e;

	for (int i = 0; i < 8; i++) {
		r[i] = (struct racer){ .s = f->s };
		snprintf(r[i].text, sizeof(r[i].text), "writer %d", i);
		assert_int_equal(0, pthread_create(&r[i].thread, NULL, race, &r[i]));
	}
	for (int i = 0; i < 8; i++) {
		pthread_join(r[i].thread, NULL);
		assert_true(r[i].rc == 0 || r[i].rc == -1);
		if (r[i].rc == 0) {
			assert_int_equal(winner, -1);
			winner = i;
		}
	}
	assert_true(winner >= 0);
	assert_int_equal(0, store_get(f->s, "t/one", 100, &b, &e));
	assert_string_equal(buf_str(&b), r[winner].text);
	buf_release(&b);
}

static int append_young(const struct store_object *o, void *data, struct err *e)
{
	(void)e;
	buf_addf(data, "%s:%llu:%d ", o->name, (unsigned long long)o->size,
		 llabs(o->date_ns - time_now_ns()) < 60 * NS_PER_S);
	return 0;
}

static void several_ranges_are_read_at_once(void **state)
{
	struct fixture *f = *state;
	char a[3], b[2], c[4], none;
	struct store_file one = { 0 }, two = { 0 };
	struct store_stats st;
	struct buf list = { 0 };
	struct err e;

	write_file_in(f, "t", "x");
	write_file(f, "t/one", "0123456789");
	write_file(f, "t/two", "abcdef");
	assert_int_equal(0, store_list_objects(f->s, "t/", append_young, &list, &e));
	assert_string_equal(buf_str(&list), "t/one:10:1 t/two:6:1 t/x:1:1 ");
	assert_int_equal(0, store_file_open_sized(f->s, "t/one", 10, &one, &e));
	assert_int_equal(0, store_file_open_sized(f->s, "t/two", 6, &two, &e));
	assert_int_equal(0, store_file_map(&two, &e)); /* a mapped one goes as well */

	struct store_read v[] = { { .file = &one, .off = 7, .p = a, .n = 3 },
				  { .file = &two, .off = 1, .p = b, .n = 2 },
				  { .file = &one, .off = 10, .p = &none, .n = 0 },
				  { .file = &one, .off = 0, .p = c, .n = 4 } };
	assert_int_equal(0, store_read_all(v, 4, &e));
	assert_memory_equal(a, "789", 3);
	assert_memory_equal(b, "bc", 2);
	assert_memory_equal(c, "0123", 4);
	v[0].off = 8; /* behind the end: the others are read all the same */
	memset(c, 0, sizeof(c));
	assert_int_equal(-1, store_read_all(v, 4, &e));
	assert_int_equal(e.code, ERR_CORRUPT);
	assert_int_equal(v[0].err.code, ERR_CORRUPT);
	assert_int_equal(v[3].err.code, ERR_NONE);
	assert_memory_equal(c, "0123", 4);
	assert_int_equal(0, store_read_all(v, 0, &e));
	store_stats(f->s, &st);
	assert_int_equal(st.gets, 4);
	assert_int_equal(st.bytes_read, 6 + 3 + 4 + 4);
	assert_int_equal(st.lists, 1);
	buf_reset(&list);
	store_stats_add(&st, &list);
	assert_non_null(strstr(buf_str(&list), "4 GET, 1 LIST"));
	store_file_close(&one);
	store_file_close(&two);
	store_file_close(&two); /* a closed one */
	buf_release(&list);
}

static void one_has_a_lock(void **state)
{
	struct fixture *f = *state;
	struct store *other;
	struct store_lock *a, *b;
	struct err e;

	other = store_open(f->path, STORE_READ, &e);
	assert_non_null(other);
	a = store_lock(f->s, "fake/day", &e);
	assert_non_null(a);
	assert_null(store_lock(other, "fake/day", &e));
	assert_int_equal(e.code, ERR_AGAIN);
	assert_non_null(strstr(e.msg, "fake/day"));
	b = store_lock(other, "fake/other day", &e);
	assert_non_null(b);
	store_unlock(a);
	a = store_lock(other, "fake/day", &e);
	assert_non_null(a);
	store_unlock(a);
	store_unlock(b);
	store_unlock(NULL);
	store_close(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_round_trip),
		cmocka_unit_test_setup_teardown(an_object_has_the_name_of_its_hash, setup,
						teardown),
		cmocka_unit_test_setup_teardown(lists_in_order_what_is_the_stores, setup, teardown),
		cmocka_unit_test_setup_teardown(formats_and_absence, setup, teardown),
		cmocka_unit_test_setup_teardown(a_store_that_is_being_made_is_empty, setup,
						teardown),
		cmocka_unit_test_setup_teardown(twins_do_no_harm, setup, teardown),
		cmocka_unit_test_setup_teardown(dates_are_the_stores, setup, teardown),
		cmocka_unit_test_setup_teardown(several_are_deleted_at_once, setup, teardown),
		cmocka_unit_test_setup_teardown(empty_folders_go_and_come_back, setup, teardown),
		cmocka_unit_test_setup_teardown(named_objects_are_replaced_whole, setup, teardown),
		cmocka_unit_test_setup_teardown(of_several_one_makes_it, setup, teardown),
		cmocka_unit_test_setup_teardown(several_ranges_are_read_at_once, setup, teardown),
		cmocka_unit_test_setup_teardown(one_has_a_lock, setup, teardown),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
