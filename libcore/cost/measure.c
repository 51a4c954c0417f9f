#include "cost/measure.h"

void measure(const struct usage *u, int32_t today, uint32_t n, struct measured *ret)
{
	struct measured m = { 0 };
	uint64_t lines = 0, bytes = 0, of[CODEC_COUNT] = { 0 }, chunks[CODEC_COUNT] = { 0 };
	int32_t first = INT32_MAX;

	for (size_t i = 0; i < u->n; i++)
		if (u->v[i].day != USAGE_NO_DAY && u->v[i].day < first)
			first = u->v[i].day;
	if (first < today && (int64_t)today - first < n)
		n = (uint32_t)(today - first);
	for (size_t i = 0; i < u->n; i++) {
		const struct usage_row *r = &u->v[i];
		uint64_t here = usage_lines(r);

		m.lines += here;
		m.bytes += r->bytes;
		for (int k = 0; k < CODEC_COUNT; k++) {
			of[k] += r->lines[k];
			chunks[k] += r->chunks[k];
		}
		if (r->day == USAGE_NO_DAY || r->day >= today || (int64_t)today - r->day > n)
			continue;
		lines += here;
		bytes += r->bytes;
	}
	m.days = first < today ? n : 0;
	if (m.days) {
		m.lines_a_day = lines / m.days;
		m.bytes_a_day = bytes / m.days;
	}
	if (m.bytes)
		m.ratio = (double)m.lines / (double)m.bytes;
	for (int k = 0; k < CODEC_COUNT; k++)
		if (chunks[k])
			m.ratio_of[k] = (double)of[k] / (double)chunks[k];
	*ret = m;
}
