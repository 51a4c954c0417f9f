/*
 * Histories of a day: flushes, compactions and retentions that race, deletions after the delay,
 * rebuilding, kills between any two steps, copies made meanwhile. After each step, by the plainest
 * model of a reader: every entry that was committed and has not expired is read; no pack that is
 * read is missing; what an index file says of a segment is so; any copy of the packs gives all of
 * it when it is rebuilt; and without a race no entry is read twice. In the end nothing that has
 * expired is left. The decisions are the program's own: live_pick, select_packs, lineage_init,
 * sweep_pick; files are sets in memory.
 */
#include "merge_checks.h"

/* At 5 percent, as `make check` has it, 10,000 histories. */
enum { HISTORIES_PER_PERCENT = 2000, STEPS_MAX = 24 };

static unsigned percent;

static void one_history(unsigned history)
{
	struct world *w = mem_alloc(sizeof(*w));
	struct present then = { { 0 }, { 0 } };
	uint64_t want = 0;
	int64_t began = 0;
	bool retains = rnd_below(&state, 2);

	w->next_json = 2 * SEGMENTS;
	for (unsigned step = 0; step < STEPS_MAX; step++) {
		w->now += 1 + (int64_t)rnd_below(&state, 2);
		if (retains && rnd_below(&state, 8) == 0)
			expire_some(w);
		switch (rnd_below(&state, 10)) {
		case 0:
		case 1:
		case 2:
			flush(w);
			break;
		case 3:
		case 4:
		case 5:
		case 6:
			compact(w);
			break;
		case 7:
			if (rnd_below(&state, 3) == 0)
				rebuild(w);
			break;
		default:
			sweep(w, DELAY);
			break;
		}
		check_world(w, history);
		if (w->now - began >= DELAY || rnd_below(&state, 4) == 0) {
			struct view v;

			/* A copy takes no longer than the delay. */
			if (w->now - began < DELAY)
				check_copies(w, &then, want, history);
			then = all_of(w);
			v = read_all(w, &then);
			want = v.content;
			began = w->now;
		}
	}
	settle(w, history);
	arena_release(&w->mem);
	free(w);
}

static void no_history_loses_or_doubles_an_entry(void **unused)
{
	(void)unused;
	for (unsigned i = 0; i < HISTORIES_PER_PERCENT * percent; i++)
		one_history(i);
}

/* Any packs of any history. */
static void any_packs_are_rebuilt_whole(void **unused)
{
	(void)unused;
	for (unsigned i = 0; i < HISTORIES_PER_PERCENT * percent / 4; i++) {
		struct world *w = mem_alloc(sizeof(*w));
		bool packs[PACKS_MAX];

		w->next_json = 2 * SEGMENTS;
		for (unsigned step = 0; step < STEPS_MAX; step++) {
			w->now++;
			if (rnd_below(&state, 3))
				compact(w);
			else
				flush(w);
		}
		for (unsigned k = 0; k < 8; k++) {
			for (size_t p = 0; p < w->n_packs; p++)
				packs[p] = rnd_below(&state, 2);
			check_rebuilt(w, packs, 0, i);
		}
		arena_release(&w->mem);
		free(w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_history_loses_or_doubles_an_entry),
		cmocka_unit_test(any_packs_are_rebuilt_whole),
	};

	state = env_number("SEED", 1);
	percent = (unsigned)env_number("PERCENT", 5);
	printf("# SEED=%llu\n", (unsigned long long)state);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
