/* The cache on disk: what comes back, what damage does, who goes when it is full, who shares it. */
#include "unit.h"

#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/wait.h>

#include "base/io.h"
#include "base/mem.h"
#include "store/cache.h"
#include "time/time.h"

struct fixture {
	char *dir;
	unsigned told;
	struct err why;
};

static int setup(void **state)
{
	struct fixture *f = mem_alloc(sizeof(*f));

	f->dir = new_folder();
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	umount2(f->dir, MNT_DETACH); /* where one was mounted */
	remove_folder(f->dir);
	free(f);
	return 0;
}

static void tell(void *data, const struct err *why)
{
	struct fixture *f = data;

	f->told++;
	f->why = *why;
}

static struct cache *open_limited(struct fixture *f, uint64_t bytes, uint64_t items, int64_t age_ns)
{
	struct cache_limits l = { bytes, items, age_ns };

	return cache_open(f->dir, &l, tell, f);
}

static struct cache *open_plain(struct fixture *f)
{
	return cache_open(f->dir, NULL, tell, f);
}

static struct cache_key key_of(uint64_t off, size_t n)
{
	return (struct cache_key){ bytes_str("s3://b/p"), bytes_str("fake/chunks/x.pack"), off, n };
}

/* Bytes that say whose they are. */
static void fill(const struct cache_key *k, char *p)
{
	uint64_t seed = k->off * 31 + k->n;

	for (size_t i = 0; i < k->n; i++)
		p[i] = (char)rnd(&seed);
}

static void put(struct cache *c, uint64_t off, size_t n)
{
	struct cache_key k = key_of(off, n);
	char *p = mem_alloc(n + 1);

	fill(&k, p);
	cache_put(c, &k, p);
	free(p);
}

/* What is found must be right. */
static bool get(struct cache *c, uint64_t off, size_t n)
{
	struct cache_key k = key_of(off, n);
	char *p = mem_alloc(n + 1), *want = mem_alloc(n + 1);
	bool ret = cache_get(c, &k, p);

	fill(&k, want);
	if (ret)
		assert_memory_equal(want, p, n);
	free(p);
	free(want);
	return ret;
}

static struct cache_counts counts(const struct cache *c)
{
	struct cache_counts n;

	cache_count(c, &n);
	return n;
}

/* Calls each file of the cache's folders; returns how many, and their size on the disk. */
typedef void file_fn(const char *path, void *data);
static size_t each_file(const char *dir, file_fn *each, void *data, uint64_t *ret_bytes)
{
	size_t n = 0;

	if (ret_bytes)
		*ret_bytes = 0;
	for (unsigned i = 0; i < 256; i++) {
		struct buf folder = { 0 }, path = { 0 };
		DIR *d;

		buf_addf(&folder, "%s/%02x", dir, i);
		d = opendir(buf_str(&folder));
		for (const struct dirent *de; d && (de = readdir(d)) != NULL;) {
			struct stat st;

			buf_reset(&path);
			buf_addf(&path, "%s/%s", folder.p, de->d_name);
			if (lstat(buf_str(&path), &st) < 0 || S_ISDIR(st.st_mode))
				continue;
			n++;
			if (ret_bytes)
				*ret_bytes += (uint64_t)st.st_blocks * 512;
			if (each)
				each(path.p, data);
		}
		if (d)
			closedir(d);
		buf_release(&folder);
		buf_release(&path);
	}
	return n;
}

static void copy_path(const char *path, void *data)
{
	char **ret = data;

	free(*ret);
	*ret = strdup(path);
}

/* The one entry there is. */
static char *only_file(const char *dir)
{
	char *path = NULL;

	assert_int_equal(1, each_file(dir, copy_path, &path, NULL));
	return path;
}

static void what_was_put_comes_back(void **state)
{
	struct fixture *f = *state;
	struct cache *c = open_plain(f);
	struct cache_key k = key_of(7, 5);
	char p[16];

	assert_false(get(c, 0, 1000));
	put(c, 0, 1000);
	put(c, 7, 5);
	put(c, 9, 0);
	assert_true(get(c, 0, 1000));
	assert_true(get(c, 7, 5));
	assert_true(get(c, 9, 0));
	assert_false(get(c, 7, 6));
	assert_false(get(c, 8, 5));
	k.store = bytes_str("s3://b/q");
	assert_false(cache_get(c, &k, p));
	k.store = bytes_str("s3://b/p"); /* where one ends and the other begins is of the key */
	k.name = bytes_str("fake/chunks/y.pack");
	assert_false(cache_get(c, &k, p));
	k.store = bytes_str("s3://b/pf");
	k.name = bytes_str("ake/chunks/x.pack");
	assert_false(cache_get(c, &k, p));
	assert_int_equal(3, counts(c).hits);
	assert_int_equal(1005, counts(c).hit_bytes);
	assert_int_equal(6, counts(c).misses);
	assert_int_equal(3, counts(c).puts);
	cache_close(c);

	c = open_plain(f); /* another process */
	assert_true(get(c, 0, 1000));
	cache_close(c);
	cache_close(NULL);
	assert_int_equal(0, f->told);
}

static void a_key_too_long_is_not_kept(void **state)
{
	struct fixture *f = *state;
	struct cache *c = open_plain(f);
	char name[CACHE_NAME_MAX + 1], p[4] = "abc";
	struct cache_key k = { bytes_of(NULL, 0), bytes_of(name, sizeof(name)), 0, 4 };

	memset(name, 'n', sizeof(name));
	cache_put(c, &k, p);
	assert_false(cache_get(c, &k, p));
	k.name.n--;
	cache_put(c, &k, p);
	assert_true(cache_get(c, &k, p));
	cache_close(c);
	assert_int_equal(0, f->told);
}

static void every_flipped_byte_is_found(void **state)
{
	struct fixture *f = *state;
	struct cache *c = open_plain(f);
	struct buf file = { 0 };
	struct err e;
	char *path;

	put(c, 3, 100);
	path = only_file(f->dir);
	assert_int_equal(0, io_read_file(path, 4096, &file, &e));
	for (size_t i = 0; i < file.n; i++) {
		file.p[i] ^= 0x10;
		assert_int_equal(0, file_replace_bytes(path, buf_bytes(&file), &e));
		file.p[i] ^= 0x10;
		assert_false(get(c, 3, 100));
		assert_int_equal(i + 1, counts(c).damaged);
		assert_int_equal(0, each_file(f->dir, NULL, NULL, NULL));
	}
	put(c, 3, 100);
	assert_true(get(c, 3, 100));
	assert_int_equal(0, f->told);
	buf_release(&file);
	free(path);
	cache_close(c);
}

static void every_other_length_is_found(void **state)
{
	struct fixture *f = *state;
	struct cache *c = open_plain(f);
	struct buf file = { 0 };
	struct err e;
	char *path;

	put(c, 3, 50);
	path = only_file(f->dir);
	assert_int_equal(0, io_read_file(path, 4096, &file, &e));
	for (size_t n = 0; n <= file.n + 2; n++) {
		struct buf cut = { 0 };

		buf_add(&cut, file.p, n < file.n ? n : file.n);
		while (cut.n < n)
			buf_add_char(&cut, '\0');
		assert_int_equal(0, file_replace_bytes(path, buf_bytes(&cut), &e));
		assert_int_equal(n == file.n, get(c, 3, 50));
		buf_release(&cut);
	}
	buf_release(&file);
	free(path);
	cache_close(c);
}

static void the_entry_of_another_key_is_none(void **state)
{
	struct fixture *f = *state;
	struct cache *c = open_plain(f);
	struct buf first = { 0 };
	char *path;
	struct err e;

	put(c, 1, 64);
	path = only_file(f->dir);
	assert_int_equal(0, io_read_file(path, 4096, &first, &e));
	assert_int_equal(0, unlink(path));
	free(path);
	put(c, 2, 64);
	path = only_file(f->dir);
	assert_int_equal(0, file_replace_bytes(path, buf_bytes(&first), &e));
	assert_false(get(c, 2, 64));
	assert_int_equal(1, counts(c).damaged);
	free(path);
	buf_release(&first);
	cache_close(c);
}

/* A symbolic link, a FIFO, a folder: what no cache has made. */
static void things_that_are_no_files_do_no_harm(void **state)
{
	struct fixture *f = *state;
	struct cache *c = open_plain(f);
	char *path;

	put(c, 1, 64);
	path = only_file(f->dir);
	assert_int_equal(0, unlink(path));
	assert_int_equal(0, mkfifo(path, 0600));
	assert_false(get(c, 1, 64));
	assert_int_equal(0, symlink("/etc/passwd", path));
	assert_false(get(c, 1, 64));
	assert_int_equal(0, mkdir(path, 0700));
	assert_false(get(c, 1, 64));
	put(c, 1, 64); /* cannot be, and is told */
	assert_int_equal(1, f->told);
	assert_false(get(c, 1, 64));
	free(path);
	cache_close(c);
}

static void it_stays_below_its_bytes(void **state)
{
	struct fixture *f = *state;
	struct cache *c = open_limited(f, 4 << 20, 0, 0);
	uint64_t bytes, most = 0;

	for (unsigned i = 0; i < 1500; i++) {
		put(c, i, 12000);
		if (i % 20 == 0 && each_file(f->dir, NULL, NULL, &bytes) && bytes > most)
			most = bytes;
	}
	assert_in_range(most, 3 << 20, (4 << 20) + (4 << 20) / 16);
	assert_in_range(counts(c).evictions, 1500 - 350, 1500 - 200);
	assert_true(get(c, 1499, 12000));
	cache_close(c);
}

static void it_stays_below_its_items(void **state)
{
	struct fixture *f = *state;
	struct cache *c = open_limited(f, 0, 100, 0);

	for (unsigned i = 0; i < 1000; i++)
		put(c, i, 10);
	assert_in_range(each_file(f->dir, NULL, NULL, NULL), 80, 106);
	cache_close(c);
}

static void an_entry_too_large_is_not_kept(void **state)
{
	struct fixture *f = *state;
	struct cache *c = open_limited(f, 1 << 20, 0, 0);

	put(c, 0, (1 << 18) + 1);
	assert_false(get(c, 0, (1 << 18) + 1));
	put(c, 0, 1 << 18);
	assert_true(get(c, 0, 1 << 18));
	assert_int_equal(0, f->told);
	cache_close(c);
}

static void make_old(const char *path, void *data)
{
	const struct fixture *f = data;

	set_date(f->dir, path + strlen(f->dir) + 1, time_now_ns() - 7200 * NS_PER_S);
}

static void what_is_too_old_goes(void **state)
{
	struct fixture *f = *state;
	struct cache *c = open_limited(f, 0, 0, 1);

	put(c, 0, 10);
	assert_false(get(c, 0, 10));
	assert_int_equal(1, counts(c).evictions);
	assert_int_equal(0, each_file(f->dir, NULL, NULL, NULL));
	cache_close(c);

	/* also without anybody asking for it */
	c = open_limited(f, 1 << 20, 0, 3600 * NS_PER_S);
	for (unsigned i = 0; i < 10; i++)
		put(c, i, 10);
	each_file(f->dir, make_old, f, NULL);
	for (unsigned i = 0; i < 20; i++)
		put(c, 100 + i, 10000);
	for (unsigned i = 0; i < 10; i++)
		assert_false(get(c, i, 10));
	for (unsigned i = 0; i < 20; i++)
		assert_true(get(c, 100 + i, 10000));
	cache_close(c);
}

static unsigned hot_hits(struct cache *c, unsigned n)
{
	unsigned hits = 0;

	for (unsigned i = 0; i < n; i++) {
		if (get(c, i, 10000))
			hits++;
		else
			put(c, i, 10000);
	}
	return hits;
}

/* A hundred entries are in use, and a scan of seven times the cache goes through it meanwhile. */
static void a_scan_pushes_out_no_more_than_scans(void **state)
{
	struct fixture *f = *state;
	struct cache *c = open_limited(f, 4 << 20, 0, 0); /* 340 of them */
	unsigned hits = 0, asked = 0;

	for (unsigned i = 0; i < 3; i++)
		hot_hits(c, 100);
	for (unsigned round = 0; round < 12; round++) {
		for (unsigned i = 0; i < 200; i++)
			put(c, 1000 + round * 200 + i, 10000);
		hits += hot_hits(c, 100);
		asked += 100;
	}
	assert_in_range(hits, asked * 95 / 100, asked);
	cache_close(c);
}

/* Who comes back soon after it was pushed out stays. */
static void what_comes_back_stays(void **state)
{
	struct fixture *f = *state;
	struct cache *c = open_limited(f, 4 << 20, 0, 0);
	unsigned next = 1000;

	for (unsigned i = 0; i < 10; i++)
		put(c, i, 10000);
	for (unsigned i = 0; i < 500; i++)
		put(c, next++, 10000);
	assert_int_equal(0, hot_hits(c, 10)); /* gone, and put again */
	for (unsigned i = 0; i < 500; i++)
		put(c, next++, 10000);
	assert_int_equal(10, hot_hits(c, 10));
	cache_close(c);
}

/* Puts and gets what other processes do too; ends by itself after n. */
static void busy_process(struct fixture *f, uint64_t seed, unsigned n)
{
	struct cache *c = open_limited(f, 2 << 20, 0, 0);

	for (unsigned i = 0; i < n; i++) {
		uint64_t off = rnd_below(&seed, 400);
		size_t len = 1000 + off * 20;

		if (!get(c, off, len))
			put(c, off, len);
	}
	cache_close(c);
}

static pid_t start_process(struct fixture *f, uint64_t seed, unsigned n)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		busy_process(f, seed, n);
		_exit(f->told ? 3 : 0);
	}
	return pid;
}

static void processes_share_it(void **state)
{
	struct fixture *f = *state;
	uint64_t bytes;
	pid_t pid[4];

	for (unsigned i = 0; i < 4; i++)
		pid[i] = start_process(f, i, 700);
	for (unsigned i = 0; i < 4; i++) {
		int status;

		assert_int_equal(pid[i], waitpid(pid[i], &status, 0));
		assert_int_equal(0, status);
	}
	each_file(f->dir, NULL, NULL, &bytes);
	assert_in_range(bytes, 1 << 20, (2 << 20) + (2 << 20) / 4);
}

static void count_tmp(const char *path, void *data)
{
	if (strcmp(path + strlen(path) - 4, ".tmp") == 0)
		++*(unsigned *)data;
}

/* Killed anywhere: what they leave is right or nothing, and goes with the time. */
static void a_kill_leaves_nothing_wrong(void **state)
{
	struct fixture *f = *state;
	unsigned tmp = 0;
	struct cache *c;

	for (unsigned i = 0; i < 20; i++) {
		pid_t pid = start_process(f, i, 1000000);
		struct timespec nap = { .tv_nsec = (long)(i * 600000) };
		int status;

		nanosleep(&nap, NULL); /* the moment of the kill is what varies */
		kill(pid, SIGKILL);
		assert_int_equal(pid, waitpid(pid, &status, 0));
		assert_true(WIFSIGNALED(status));
	}
	busy_process(f, 99, 600);
	each_file(f->dir, make_old, f, NULL);
	c = open_limited(f, 2 << 20, 0, 0);
	for (unsigned i = 0; i < 400; i++) /* all folders are looked after once more */
		put(c, 100000 + i, 10000);
	each_file(f->dir, count_tmp, &tmp, NULL);
	assert_int_equal(0, tmp);
	assert_int_equal(0, f->told);
	cache_close(c);
}

struct thread_arg {
	struct cache *c;
	uint64_t seed;
};

static void *busy_thread(void *data)
{
	struct thread_arg *a = data;

	for (unsigned i = 0; i < 400; i++) {
		uint64_t off = rnd_below(&a->seed, 400);

		if (!get(a->c, off, 3000))
			put(a->c, off, 3000);
	}
	return NULL;
}

static void threads_share_it(void **state)
{
	struct fixture *f = *state;
	struct cache *c = open_limited(f, 1 << 20, 0, 0);
	struct thread_arg arg[4];
	pthread_t thread[4];

	for (unsigned i = 0; i < 4; i++) {
		arg[i] = (struct thread_arg){ c, i };
		assert_int_equal(0, pthread_create(&thread[i], NULL, busy_thread, &arg[i]));
	}
	for (unsigned i = 0; i < 4; i++)
		pthread_join(thread[i], NULL);
	assert_int_equal(4 * 400, counts(c).hits + counts(c).misses);
	assert_int_equal(0, f->told);
	cache_close(c);
}

static void a_damaged_table_of_uses_does_no_harm(void **state)
{
	struct fixture *f = *state;
	struct cache *c = open_limited(f, 1 << 20, 0, 0);
	struct buf path = { 0 }, junk = { 0 };
	uint64_t seed = 5, bytes;
	struct err e;

	cache_close(c);
	buf_addf(&path, "%s/uses", f->dir);
	for (unsigned i = 0; i < 600 << 10; i++)
		buf_add_char(&junk, (char)rnd(&seed));
	assert_int_equal(0, file_replace_bytes(buf_str(&path), buf_bytes(&junk), &e));
	c = open_limited(f, 1 << 20, 0, 0);
	for (unsigned i = 0; i < 500; i++) {
		put(c, i, 10000);
		assert_true(get(c, i, 10000));
	}
	each_file(f->dir, NULL, NULL, &bytes);
	assert_in_range(bytes, 1 << 19, (1 << 20) + (1 << 20) / 8);
	assert_int_equal(0, f->told);
	buf_release(&path);
	buf_release(&junk);
	cache_close(c);
}

static void files_of_others_are_left_alone(void **state)
{
	struct fixture *f = *state;
	struct cache *c = open_limited(f, 1 << 20, 0, 0);
	struct buf mine = { 0 };
	struct err e;

	for (unsigned i = 0; i < 256; i++) {
		buf_reset(&mine);
		buf_addf(&mine, "%s/%02x", f->dir, i);
		assert_int_equal(0, io_mkdirs(buf_str(&mine), &e));
	}
	buf_add_str(&mine, "/notes.txt");
	assert_int_equal(0, file_replace_bytes(buf_str(&mine), bytes_str("x"), &e));
	make_old(mine.p, f);
	for (unsigned i = 0; i < 500; i++)
		put(c, i, 10000);
	assert_int_equal(0, access(mine.p, F_OK));
	buf_release(&mine);
	cache_close(c);
}

static void a_folder_that_cannot_be_costs_speed_only(void **state)
{
	struct fixture *f = *state;
	struct buf path = { 0 };
	struct cache *c;
	struct err e;

	buf_addf(&path, "%s/file", f->dir);
	assert_int_equal(0, file_replace_bytes(buf_str(&path), bytes_str("x"), &e));
	c = cache_open(path.p, NULL, tell, f);
	for (unsigned i = 0; i < 3; i++) {
		put(c, i, 10);
		assert_false(get(c, i, 10));
	}
	assert_int_equal(3, counts(c).misses);
	assert_int_equal(1, f->told);
	assert_non_null(strstr(f->why.msg, path.p));
	cache_close(c);
	buf_release(&path);
}

static void a_folder_that_others_write_to_is_not_used(void **state)
{
	struct fixture *f = *state;
	struct cache *c = open_plain(f);

	put(c, 0, 10);
	cache_close(c);
	assert_int_equal(0, chmod(f->dir, 0777));
	c = open_plain(f);
	assert_false(get(c, 0, 10));
	assert_int_equal(1, f->told);
	assert_non_null(strstr(f->why.msg, "others may write"));
	cache_close(c);
}

/* As on a disk that was mounted read-only. */
static void a_cache_that_cannot_be_written_to_still_gives(void **state)
{
	struct fixture *f = *state;
	struct cache *c = open_plain(f);
	struct buf path = { 0 };

	put(c, 0, 10);
	cache_close(c);
	buf_addf(&path, "%s/uses", f->dir);
	assert_int_equal(0, unlink(buf_str(&path)));
	assert_int_equal(0, mkdir(path.p, 0700));
	c = open_plain(f);
	assert_true(get(c, 0, 10));
	put(c, 1, 10);
	assert_false(get(c, 1, 10));
	assert_int_equal(1, f->told);
	buf_release(&path);
	cache_close(c);
}

/* A limit of the size of files is a disk that takes no more. */
static void a_full_disk_is_told_once(void **state)
{
	struct fixture *f = *state;
	struct cache *c = open_plain(f);
	struct rlimit old, small = { 4096, 4096 };

	put(c, 0, 10);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(0, getrlimit(RLIMIT_FSIZE, &old));
	small.rlim_max = old.rlim_max;
	assert_int_equal(0, setrlimit(RLIMIT_FSIZE, &small));
	for (unsigned i = 1; i < 5; i++)
		put(c, i, 100000);
	assert_int_equal(0, setrlimit(RLIMIT_FSIZE, &old));
	assert_int_equal(1, f->told);
	assert_int_equal(1, each_file(f->dir, NULL, NULL, NULL)); /* no half of one, no .tmp */
	assert_true(get(c, 0, 10));
	cache_close(c);
}

/* The cache's folder is a disk of 1 MiB from now on. */
static void mount_small(const struct fixture *f)
{
	if (mount("none", f->dir, "tmpfs", 0, "size=1m,mode=700") < 0)
		skip(); /* only root may, and not everywhere */
}

static void a_full_disk_makes_room(void **state)
{
	struct fixture *f = *state;
	struct cache *c;
	uint64_t bytes;

	mount_small(f);
	c = open_plain(f); /* 10 GiB: its own limit is never reached */
	for (unsigned i = 0; i < 200; i++)
		put(c, i, 60000);
	each_file(f->dir, NULL, NULL, &bytes);
	assert_int_equal(200, counts(c).puts);
	assert_true(get(c, 199, 60000));
	assert_false(get(c, 0, 60000));
	assert_in_range(bytes, 1 << 18, 1 << 20);
	assert_int_equal(0, f->told);
	cache_close(c);
}

/* Then nothing helps, and is not tried for each entry. */
static void a_disk_that_others_fill_is_left_alone(void **state)
{
	struct fixture *f = *state;
	struct buf path = { 0 }, much = { 0 };
	struct statvfs disk;
	struct cache *c;
	struct err e;

	mount_small(f);
	c = open_plain(f);
	buf_addf(&path, "%s/other", f->dir);
	assert_int_equal(0, statvfs(f->dir, &disk));
	memset(buf_reserve(&much, disk.f_bavail * disk.f_bsize), 'x', disk.f_bavail * disk.f_bsize);
	much.n = disk.f_bavail * disk.f_bsize;
	assert_int_equal(0, file_replace_bytes(buf_str(&path), buf_bytes(&much), &e));
	put(c, 0, 10);
	assert_int_equal(1, f->told);
	assert_int_equal(ERR_FULL, f->why.code);
	assert_int_equal(0, unlink(path.p));
	put(c, 1, 10);
	assert_false(get(c, 1, 10));
	assert_int_equal(0, each_file(f->dir, NULL, NULL, NULL));
	cache_close(c);

	c = open_plain(f); /* another process has not found it full */
	put(c, 2, 10);
	assert_true(get(c, 2, 10));
	assert_int_equal(1, f->told);
	cache_close(c);
	buf_release(&path);
	buf_release(&much);
}

static void its_folder_is_for_its_user_alone(void **state)
{
	struct fixture *f = *state;
	struct buf path = { 0 }, text = { 0 };
	struct cache *c;
	struct stat st;
	struct err e;

	buf_addf(&path, "%s/a/b", f->dir);
	c = cache_open(buf_str(&path), NULL, tell, f);
	assert_int_equal(0, stat(path.p, &st));
	assert_int_equal(0700, st.st_mode & 0777);
	buf_add_str(&path, "/CACHEDIR.TAG");
	assert_int_equal(0, io_read_file(buf_str(&path), 4096, &text, &e));
	assert_true(bytes_starts(buf_bytes(&text),
				 bytes_str("Signature: 8a477f597d28d172789f06886806bc55\n")));
	cache_close(c);
	buf_release(&path);
	buf_release(&text);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(what_was_put_comes_back),
		T(a_key_too_long_is_not_kept),
		T(every_flipped_byte_is_found),
		T(every_other_length_is_found),
		T(the_entry_of_another_key_is_none),
		T(things_that_are_no_files_do_no_harm),
		T(it_stays_below_its_bytes),
		T(it_stays_below_its_items),
		T(an_entry_too_large_is_not_kept),
		T(what_is_too_old_goes),
		T(a_scan_pushes_out_no_more_than_scans),
		T(what_comes_back_stays),
		T(processes_share_it),
		T(a_kill_leaves_nothing_wrong),
		T(threads_share_it),
		T(a_damaged_table_of_uses_does_no_harm),
		T(files_of_others_are_left_alone),
		T(a_folder_that_cannot_be_costs_speed_only),
		T(a_folder_that_others_write_to_is_not_used),
		T(a_cache_that_cannot_be_written_to_still_gives),
		T(a_full_disk_is_told_once),
		T(a_full_disk_makes_room),
		T(a_disk_that_others_fill_is_left_alone),
		T(its_folder_is_for_its_user_alone),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
