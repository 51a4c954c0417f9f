/* Passwords: wrong ones without end shut out nobody whose is right; a change of users is one at
 * once. */
#include "unit.h"

#include <pthread.h>
#include <sched.h>
#include <semaphore.h>

#include "server/passwords.h"

enum { USERS = 8, CALLS = 5000 };

/* "right", by a hash that is quick. */
static const char hash[] = "$1$lokid$KJrq9wVvIa6IlEjxxawyT/";

struct fixture {
	struct config config;
	struct passwords *p;
	struct call call[CALLS];
	size_t n;
	sem_t held, go; /* the thread is in a call's done, and may leave it */
};

/* What came of a call, in its route_data. */
static char RIGHT, WRONG, STOPPED;

static struct config_auth *users_new(struct config *c, const char *secret)
{
	config_init(c);
	c->auth->user = arena_zalloc(&c->auth->arena, USERS * sizeof(*c->auth->user));
	for (; c->auth->n_users < USERS; c->auth->n_users++) {
		struct config_user *u = &c->auth->user[c->auth->n_users];
		char name[] = { 'u', (char)('0' + c->auth->n_users), '\0' };

		u->kind = USER_PASSWORD;
		u->name = arena_copy(&c->auth->arena, bytes_of(name, sizeof(name))).p;
		u->secret = secret;
	}
	return c->auth;
}

static struct fixture *fixture_new(void)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct err e;

	assert_non_null(f);
	assert_int_equal(0, passwords_open(users_new(&f->config, hash), &f->p, &e));
	sem_init(&f->held, 0, 0);
	sem_init(&f->go, 0, 0);
	return f;
}

static void fixture_free(struct fixture *f)
{
	passwords_close(f->p);
	for (size_t i = 0; i < f->n; i++)
		config_auth_drop(f->call[i].auth);
	config_release(&f->config);
	sem_destroy(&f->held);
	sem_destroy(&f->go);
	free(f);
}

static void note(struct call *c, const struct err *why)
{
	c->route_data = !why ? &RIGHT : why->code == ERR_AGAIN ? &STOPPED : &WRONG;
}

static void hold_thread(struct call *c, const struct err *why)
{
	struct fixture *f = c->route_data;

	note(c, why);
	sem_post(&f->held);
	sem_wait(&f->go);
}

/* The call, or NULL when there was no room for it. */
static struct call *ask(struct fixture *f, const char *name, const char *password, const char *net,
			void (*done)(struct call *c, const struct err *why))
{
	struct call *c = &f->call[f->n++];
	struct buf given = { 0 };
	struct err e;
	int rc;

	assert_true(f->n <= CALLS);
	c->route_data = f;
	buf_addf(&given, "%s:%s", name, password);
	buf_str(&given);
	rc = passwords_check(f->p, given.p, bytes_str(net), c, done, &e);
	if (rc < 0)
		assert_int_equal(e.code, ERR_AGAIN);
	return rc < 0 ? NULL : c;
}

static struct call *ask_wrong(struct fixture *f, const char *name, const char *net)
{
	char password[32];

	snprintf(password, sizeof(password), "wrong-%zu", f->n);
	return ask(f, name, password, net, note);
}

/* From now on nothing is checked, until let_thread_go. */
static struct call *stop_thread(struct fixture *f)
{
	struct call *c = ask(f, "u7", "right", "net of u7", hold_thread);

	assert_non_null(c);
	sem_wait(&f->held);
	return c;
}

/* All that was asked is answered then. */
static void let_thread_go(struct fixture *f)
{
	struct call *last;

	sem_post(&f->go);
	last = ask(f, "u7", "the last", "net of u7", hold_thread);
	assert_non_null(last);
	sem_wait(&f->held);
	sem_post(&f->go);
}

static bool is_known(struct fixture *f, const char *given, const char *name)
{
	const struct config_user *who = NULL;

	return passwords_recall(f->p, f->config.auth, bytes_str(given), &who) &&
	       (name ? who && strcmp(who->name, name) == 0 : !who);
}

static void a_right_one_is_told_from_a_wrong_one(void **state)
{
	struct fixture *f = fixture_new();
	struct call *right, *wrong, *nobodys, *empty;

	(void)state;
	assert_false(is_known(f, "u1:right", "u1"));
	right = ask(f, "u1", "right", "net", note);
	wrong = ask(f, "u1", "rightly", "net", note);
	nobodys = ask(f, "mallory", "right", "net", note);
	empty = ask(f, "", "", "net", note);
	stop_thread(f);
	let_thread_go(f);
	assert_ptr_equal(right->route_data, &RIGHT);
	assert_string_equal(right->who->name, "u1");
	assert_ptr_equal(right->auth, f->config.auth);
	assert_ptr_equal(wrong->route_data, &WRONG);
	assert_null(wrong->who);
	assert_ptr_equal(nobodys->route_data, &WRONG);
	assert_ptr_equal(empty->route_data, &WRONG);
	assert_true(is_known(f, "u1:right", "u1"));
	assert_true(is_known(f, "u1:rightly", NULL));
	assert_false(is_known(f, "u2:right", "u2"));
	fixture_free(f);
}

static void wrong_ones_do_not_push_out_what_was_right(void **state)
{
	struct fixture *f = fixture_new();

	(void)state;
	assert_non_null(ask(f, "u1", "right", "net", note));
	for (size_t i = 0; i < CALLS - 100;) {
		stop_thread(f);
		for (size_t k = 0; k < PASSWORDS_OF_NET_MAX; k++)
			assert_non_null(ask_wrong(f, "u1", "net"));
		let_thread_go(f);
		i = f->n;
	}
	assert_true(is_known(f, "u1:right", "u1"));
	fixture_free(f);
}

static void one_network_has_no_more_than_its_part_of_a_user(void **state)
{
	struct fixture *f = fixture_new();
	struct call *right;

	(void)state;
	stop_thread(f);
	for (int i = 0; i < PASSWORDS_OF_NET_MAX; i++)
		assert_non_null(ask_wrong(f, "u1", "bad"));
	assert_null(ask_wrong(f, "u1", "bad"));
	assert_non_null(ask_wrong(f, "u2", "bad"));
	right = ask(f, "u1", "right", "good", note);
	assert_non_null(right);
	let_thread_go(f);
	assert_ptr_equal(right->route_data, &RIGHT);
	fixture_free(f);
}

/* Asks so long that no more is taken. */
static size_t fill(struct fixture *f, const char *name)
{
	size_t n = 0;
	char net[16];

	for (; n < PASSWORDS_MAX; n++) {
		snprintf(net, sizeof(net), "net %zu", n);
		if (!ask_wrong(f, name, net))
			break;
	}
	return n;
}

static void one_user_has_no_more_than_its_part(void **state)
{
	struct fixture *f = fixture_new();
	struct call *right;

	(void)state;
	stop_thread(f);
	assert_int_equal(fill(f, "u1"), PASSWORDS_OF_USER_MAX);
	assert_int_equal(fill(f, "u2"), PASSWORDS_OF_USER_MAX);
	right = ask(f, "u3", "right", "net 1", note);
	assert_non_null(right);
	let_thread_go(f);
	assert_ptr_equal(right->route_data, &RIGHT);
	fixture_free(f);
}

static void names_that_nobody_has_share_a_part_and_are_not_told_from_others(void **state)
{
	struct fixture *f = fixture_new();
	struct call *right, *nobodys[PASSWORDS_MAX * 2];
	char name[16];

	(void)state;
	stop_thread(f);
	for (size_t i = 0; i < PASSWORDS_MAX * 2; i++) {
		snprintf(name, sizeof(name), "mallory %zu", i);
		nobodys[i] = ask_wrong(f, name, "bad");
		assert_non_null(nobodys[i]);
	}
	right = ask(f, "u1", "right", "bad", note);
	assert_non_null(right);
	let_thread_go(f);
	assert_ptr_equal(right->route_data, &RIGHT);
	for (size_t i = 0; i < PASSWORDS_MAX * 2; i++)
		assert_ptr_equal(nobodys[i]->route_data, &WRONG);
	fixture_free(f);
}

/* Refused as a name is that somebody has, however many others wait. */
static void a_name_that_nobody_has_has_its_part_too(void **state)
{
	struct fixture *f = fixture_new();
	char name[16];

	(void)state;
	stop_thread(f);
	for (int i = 0; i <= PASSWORDS_OF_USER_MAX; i++) {
		snprintf(name, sizeof(name), "nobody %d", i);
		assert_non_null(ask_wrong(f, name, "bad"));
	}
	for (int i = 0; i < PASSWORDS_OF_NET_MAX; i++)
		assert_non_null(ask_wrong(f, "mallory", "bad"));
	assert_null(ask_wrong(f, "mallory", "bad"));
	assert_non_null(ask(f, "nobody 0", "again", "bad", note));
	assert_non_null(ask(f, "nobody 0", "again", "bad", note));
	assert_int_equal(fill(f, "mallet"), PASSWORDS_OF_USER_MAX);
	let_thread_go(f);
	fixture_free(f);
}

static void all_together_have_no_more_than_there_are(void **state)
{
	struct fixture *f = fixture_new();
	size_t n = 0;
	char name[3] = "u0";

	(void)state;
	stop_thread(f);
	for (; name[1] < '7'; name[1]++)
		n += fill(f, name);
	assert_int_equal(n, PASSWORDS_MAX);
	sem_post(&f->go);
	fixture_free(f);
}

static void the_same_of_many_is_checked_once(void **state)
{
	struct fixture *f = fixture_new();
	struct call *c[PASSWORDS_MAX * 2];

	(void)state;
	stop_thread(f);
	for (size_t i = 0; i < PASSWORDS_MAX * 2; i++) {
		c[i] = ask(f, "u1", "right", "proxy", note);
		assert_non_null(c[i]);
	}
	for (int i = 1; i < PASSWORDS_OF_NET_MAX; i++)
		assert_non_null(ask_wrong(f, "u1", "proxy"));
	assert_null(ask_wrong(f, "u1", "proxy"));
	let_thread_go(f);
	for (size_t i = 0; i < PASSWORDS_MAX * 2; i++) {
		assert_ptr_equal(c[i]->route_data, &RIGHT);
		assert_string_equal(c[i]->who->name, "u1");
	}
	fixture_free(f);
}

static void a_change_holds_for_what_waits(void **state)
{
	struct fixture *f = fixture_new();
	struct call *waits, *comes;
	struct config other;

	(void)state;
	assert_non_null(ask(f, "u1", "right", "net", note));
	stop_thread(f);
	assert_true(is_known(f, "u1:right", "u1"));
	waits = ask(f, "u2", "right", "net", note);
	assert_non_null(waits);
	passwords_change(f->p, users_new(&other, "$1$lokid$of-nothing-that-could-be-"));
	assert_false(is_known(f, "u1:right", "u1"));
	comes = ask(f, "u1", "right", "net", note);
	let_thread_go(f);
	assert_ptr_equal(waits->route_data, &WRONG);
	assert_ptr_equal(waits->auth, other.auth);
	assert_ptr_equal(comes->route_data, &WRONG);
	assert_false(is_known(f, "u1:right", "u1"));
	fixture_free(f);
	config_release(&other);
}

/* Who shares a check of something else is not let in when that is right by then. */
static void a_name_that_is_somebodys_by_now_is_so_for_who_gave_it(void **state)
{
	struct fixture *f = fixture_new();
	struct call *new, *mallory;
	struct config other;
	char name[16];

	(void)state;
	stop_thread(f);
	for (int i = 1; i < PASSWORDS_OF_USER_MAX; i++) {
		snprintf(name, sizeof(name), "nobody %d", i);
		assert_non_null(ask_wrong(f, name, "bad"));
	}
	new = ask(f, "new", "right", "good", note);
	mallory = ask_wrong(f, "mallory", "bad");
	assert_non_null(new);
	assert_non_null(mallory);
	users_new(&other, hash)->user[0].name = "new";
	passwords_change(f->p, other.auth);
	let_thread_go(f);
	assert_ptr_equal(new->route_data, &RIGHT);
	assert_string_equal(new->who->name, "new");
	assert_ptr_equal(mallory->route_data, &WRONG);
	assert_null(mallory->who);
	fixture_free(f);
	config_release(&other);
}

/* So that nobody who guesses gets in the way of all when users are read again. */
static void a_change_keeps_who_stays(void **state)
{
	struct fixture *f = fixture_new();
	const struct config_user *who = NULL;
	struct config other;

	(void)state;
	assert_non_null(ask(f, "u1", "right", "net", note));
	assert_non_null(ask(f, "u2", "right", "net", note));
	assert_non_null(ask(f, "u3", "wrong", "net", note));
	stop_thread(f);
	let_thread_go(f);
	users_new(&other, hash);
	other.auth->user[0].name = "u1";
	other.auth->user[1].name = "u9";
	other.auth->user[2].secret = "$1$lokid$of-nothing-that-could-be-";
	passwords_change(f->p, other.auth);
	assert_true(passwords_recall(f->p, other.auth, BYTES_LIT("u1:right"), &who));
	assert_ptr_equal(who, &other.auth->user[0]);
	assert_false(passwords_recall(f->p, other.auth, BYTES_LIT("u2:right"), &who));
	assert_false(passwords_recall(f->p, other.auth, BYTES_LIT("u3:wrong"), &who));
	assert_false(is_known(f, "u1:right", "u1"));
	fixture_free(f);
	config_release(&other);
}

static void *stop(void *data)
{
	passwords_stop(data);
	return NULL;
}

static void what_waits_at_the_end_is_refused(void **state)
{
	struct fixture *f = fixture_new();
	struct call *waits;
	pthread_t stopper;

	(void)state;
	stop_thread(f);
	waits = ask(f, "u1", "right", "net", note);
	assert_non_null(waits);
	assert_int_equal(0, pthread_create(&stopper, NULL, stop, f->p));
	while (ask(f, "u1", "right", "net", note)) { /* until it has begun to stop */
		f->n--;
		sched_yield();
	}
	sem_post(&f->go);
	pthread_join(stopper, NULL);
	assert_ptr_equal(waits->route_data, &STOPPED);
	fixture_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_right_one_is_told_from_a_wrong_one),
		cmocka_unit_test(wrong_ones_do_not_push_out_what_was_right),
		cmocka_unit_test(one_network_has_no_more_than_its_part_of_a_user),
		cmocka_unit_test(one_user_has_no_more_than_its_part),
		cmocka_unit_test(names_that_nobody_has_share_a_part_and_are_not_told_from_others),
		cmocka_unit_test(a_name_that_nobody_has_has_its_part_too),
		cmocka_unit_test(all_together_have_no_more_than_there_are),
		cmocka_unit_test(the_same_of_many_is_checked_once),
		cmocka_unit_test(a_change_holds_for_what_waits),
		cmocka_unit_test(a_name_that_is_somebodys_by_now_is_so_for_who_gave_it),
		cmocka_unit_test(a_change_keeps_who_stays),
		cmocka_unit_test(what_waits_at_the_end_is_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
