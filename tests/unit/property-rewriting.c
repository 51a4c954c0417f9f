/*
 * Histories of a day in which lines are rewritten by two rules, beside flushes, compactions,
 * retentions and deletions that did not see it. After each step every entry that was committed is
 * read; and unless two rewritings raced, or the index was made anew, in one version only, which is
 * never again one from before a rewriting that was committed.
 */
#include "merge_checks.h"

/* At 5 percent, as `make check` has it, 10,000 histories. */
enum { HISTORIES_PER_PERCENT = 2000, STEPS_MAX = 24 };

static unsigned percent;

static uint64_t in_two_versions(const struct lines *l)
{
	uint64_t once = 0, twice = 0;

	for (unsigned i = 0; i < VERSIONS; i++) {
		twice |= once & l->v[i];
		once |= l->v[i];
	}
	return twice;
}

static void check_lines(const struct world *w, unsigned history)
{
	struct view v = read_now(w);

	if (w->scrubs_raced || w->rebuilt || w->late)
		return;
	if (in_two_versions(&v.lines))
		fail_msg("history %u: %016llx are read in two versions", history,
			 (unsigned long long)in_two_versions(&v.lines));
	for (unsigned rule = 0; rule < RULES; rule++)
		if (unwritten(&v.lines, rule) & w->scrubbed[rule])
			fail_msg("history %u: rule %u: %016llx are as they were", history, rule,
				 (unsigned long long)(unwritten(&v.lines, rule) &
						      w->scrubbed[rule]));
}

static void one_history(unsigned history, bool rebuilds)
{
	struct world *w = mem_alloc(sizeof(*w));
	bool retains = rnd_below(&state, 4) == 0;

	w->next_json = 2 * SEGMENTS;
	w->scrubs = w->flushes_once = true;
	for (unsigned step = 0; step < STEPS_MAX; step++) {
		w->now += 1 + (int64_t)rnd_below(&state, 2);
		if (retains && rnd_below(&state, 8) == 0)
			expire_some(w);
		switch (rnd_below(&state, 10)) {
		case 0:
		case 1:
			flush(w);
			break;
		case 7:
			if (rebuilds && rnd_below(&state, 3) == 0)
				rebuild(w);
			break;
		case 8:
			sweep(w, DELAY);
			break;
		default:
			compact(w);
			break;
		}
		check_world(w, history);
		check_lines(w, history);
	}
	settle(w, history);
	check_lines(w, history);
	arena_release(&w->mem);
	free(w);
}

static void what_is_rewritten_stays_so(void **unused)
{
	(void)unused;
	for (unsigned i = 0; i < HISTORIES_PER_PERCENT * percent; i++)
		one_history(i, false);
}

static void no_rebuild_loses_an_entry(void **unused)
{
	(void)unused;
	for (unsigned i = 0; i < HISTORIES_PER_PERCENT * percent / 4; i++)
		one_history(i, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_rewritten_stays_so),
		cmocka_unit_test(no_rebuild_loses_an_entry),
	};

	state = env_number("SEED", 1);
	percent = (unsigned)env_number("PERCENT", 5);
	printf("# SEED=%llu\n", (unsigned long long)state);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
