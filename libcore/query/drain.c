#include "query/drain.h"

#include <ctype.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/mem.h"

enum { WORD = 1, NO_PATTERN = UINT32_MAX };

/* Shares of words that a line and its pattern have in common: 3 of 5. */
enum { ALIKE = 3, ALIKE_OF = 5 };

struct drain *drain_new(void)
{
	return mem_alloc(sizeof(struct drain));
}

void drain_free(struct drain *d)
{
	if (!d)
		return;
	for (size_t i = 0; i <= DRAIN_PATTERNS; i++)
		free(d->v[i].sample);
	map_release(&d->by_shape);
	buf_release(&d->shape);
	arena_release(&d->mem);
	free(d);
}

/* --- a line's shape and words ---------------------------------------------------------------- */

enum char_kind { BETWEEN, IN_WORD, IN_VALUE };

static enum char_kind kind_of(char c)
{
	unsigned char u = (unsigned char)c;

	if (isdigit(u) || c == '<' || c == '>' || (u < ' ' && c != '\t') || u == 0x7f)
		return IN_VALUE;
	return isalpha(u) || c == '_' || u >= 0x80 ? IN_WORD : BETWEEN;
}

static bool joins_values(char c)
{
	return c && strchr(".:,-/+", c);
}

/* The word at line.p[at], *ret empty when it is a value. Returns its length. */
static size_t scan_word(struct bytes line, size_t at, struct bytes *ret)
{
	bool value = false;
	size_t n = at;

	for (; n < line.n && kind_of(line.p[n]) != BETWEEN; n++)
		value |= kind_of(line.p[n]) == IN_VALUE;
	*ret = value ? (struct bytes){ 0 } : bytes_of(line.p + at, n - at);
	return n - at;
}

static void add_word(struct drain *d, struct bytes word)
{
	struct buf *s = &d->shape;

	/* Two values and a joint between them: the one before reaches up to here. */
	if (!word.p && d->n_words && !d->word[d->n_words - 1].p && s->n > 1 &&
	    (s->p[s->n - 1] == WORD || (joins_values(s->p[s->n - 1]) && s->p[s->n - 2] == WORD))) {
		s->n -= s->p[s->n - 1] != WORD;
		return;
	}
	d->word[d->n_words++] = word;
	buf_add_char(s, WORD);
}

static void take_apart(struct drain *d, struct bytes line)
{
	bool cut = line.n > DRAIN_LINE_BYTES;

	line = bytes_sub(line, 0, DRAIN_LINE_BYTES);
	buf_reset(&d->shape);
	d->n_words = 0;
	for (size_t i = 0; i < line.n;) {
		struct bytes word;
		size_t n = scan_word(line, i, &word);

		if (n == 0) {
			buf_add_char(&d->shape, line.p[i++]);
			continue;
		}
		if (d->n_words == DRAIN_WORDS - 1) {
			cut = true;
			break;
		}
		if (cut && i + n == line.n)
			break; /* the rest of the word is not known */
		add_word(d, word);
		i += n;
	}
	if (cut)
		add_word(d, (struct bytes){ 0 });
}

/* --- patterns -------------------------------------------------------------------------------- */

/* How many words the line and the pattern share; -1: too few. */
static int alike(const struct drain *d, const struct drain_pattern *p)
{
	int same = 0, in_line = 0, in_pattern = 0;

	for (uint32_t i = 0; i < p->n_words; i++) {
		in_line += d->word[i].p != NULL;
		in_pattern += p->word[i].p != NULL;
		same += d->word[i].p && p->word[i].p && bytes_eq(d->word[i], p->word[i]);
	}
	if (in_line < in_pattern)
		in_line = in_pattern;
	return same * ALIKE_OF >= in_line * ALIKE ? same : -1;
}

static struct drain_pattern *new_pattern(struct drain *d, uint64_t hash, uint32_t first)
{
	struct drain_pattern *p;

	if (d->n == DRAIN_PATTERNS)
		return &d->v[DRAIN_PATTERNS];
	p = &d->v[d->n];
	p->n_words = d->n_words;
	p->word = arena_alloc(&d->mem, (d->n_words + 1) * sizeof(*p->word));
	for (uint32_t i = 0; i < d->n_words; i++)
		p->word[i] = d->word[i].p ? arena_copy(&d->mem, d->word[i]) : d->word[i];
	p->next = NO_PATTERN;
	if (first != MAP_NONE) {
		p->shape = d->v[first].shape;
		p->next = d->v[first].next;
		d->v[first].next = (uint32_t)d->n;
	} else {
		p->shape = arena_copy(&d->mem, buf_bytes(&d->shape));
		map_put(&d->by_shape, hash, p->shape, (uint32_t)d->n);
	}
	return &d->v[d->n++];
}

static struct drain_pattern *pattern_of_line(struct drain *d)
{
	uint64_t hash = hash64(buf_bytes(&d->shape));
	uint32_t first = map_get(&d->by_shape, hash, buf_bytes(&d->shape));
	struct drain_pattern *best = NULL;
	int most = -1;

	for (uint32_t i = first; i != NO_PATTERN; i = d->v[i].next) {
		int same = alike(d, &d->v[i]);

		if (same > most) {
			most = same;
			best = &d->v[i];
		}
	}
	if (!best)
		return new_pattern(d, hash, first);
	for (uint32_t i = 0; i < best->n_words; i++)
		if (best->word[i].p && (!d->word[i].p || !bytes_eq(best->word[i], d->word[i])))
			best->word[i] = (struct bytes){ 0 };
	return best;
}

void drain_add_text(struct buf *b, const struct drain_pattern *p)
{
	bool after_value = false;
	uint32_t word = 0;

	if (!p->word) {
		buf_add_str(b, "<_>");
		return;
	}
	for (size_t i = 0; i < p->shape.n; i++) {
		bool is_word = p->shape.p[i] == WORD, value = is_word && !p->word[word].p;

		/* Words that have become values may stand side by side with others. */
		if (is_word && !value)
			buf_add_bytes(b, p->word[word]);
		else if (value && !after_value)
			buf_add_str(b, "<_>");
		else if (!is_word)
			buf_add_char(b, p->shape.p[i]);
		after_value = value;
		word += is_word;
	}
}

/* --- samples --------------------------------------------------------------------------------- */

static int64_t step_of(int64_t ts, int64_t step)
{
	int64_t rest = ts % step;

	return ts - (rest < 0 ? rest + step : rest);
}

static void widen(struct drain *d)
{
	d->step_ns *= 2;
	for (size_t i = 0; i <= DRAIN_PATTERNS; i++) {
		struct drain_pattern *p = &d->v[i];
		size_t n = 0;

		for (size_t k = 0; k < p->n_samples; k++) {
			struct drain_sample s = { step_of(p->sample[k].ts_ns, d->step_ns),
						  p->sample[k].n };

			if (n && p->sample[n - 1].ts_ns == s.ts_ns)
				p->sample[n - 1].n += s.n;
			else
				p->sample[n++] = s;
		}
		p->n_samples = n;
	}
}

static int add_sample(struct drain *d, struct drain_pattern *p, int64_t ts_ns, struct err *e)
{
	int64_t at = step_of(ts_ns, d->step_ns);
	size_t i = p->n_samples;

	while (i > 0 && p->sample[i - 1].ts_ns > at) /* lines come in order: hardly ever */
		i--;
	if (i > 0 && p->sample[i - 1].ts_ns == at) {
		p->sample[i - 1].n++;
		return 0;
	}
	if (p->n_samples == DRAIN_SAMPLES) {
		if (d->fixed_step || d->step_ns > INT64_MAX / 2)
			return err_set(e, ERR_QUERY,
				       "exceeded maximum resolution of 11,000 points per time "
				       "series: try increasing the value of the step");
		widen(d);
		return add_sample(d, p, ts_ns, e);
	}
	mem_grow(&p->sample, &p->cap_samples, p->n_samples + 1, sizeof(*p->sample));
	memmove(p->sample + i + 1, p->sample + i, (p->n_samples - i) * sizeof(*p->sample));
	p->sample[i] = (struct drain_sample){ at, 1 };
	p->n_samples++;
	return 0;
}

int drain_add(struct drain *d, int64_t ts_ns, struct bytes line, struct err *e)
{
	struct drain_pattern *p;

	take_apart(d, line);
	p = pattern_of_line(d);
	p->n++;
	return add_sample(d, p, ts_ns, e);
}
