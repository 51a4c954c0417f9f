/*
 * How much a job needs is said by the job, libcore/compact, from threads and the sizes of chunks.
 * Beyond that it gets the same whatever they are: what makes a flush 104 MiB and a compaction 160
 * where no setting says anything.
 */
#include "server/config_memory.h"

#include "base/work.h"
#include "compact/memory.h"
#include "compact/merge.h"
#include "compact/packing.h"
#include "server/config_parts.h"

enum {
	MIB = 1 << 20,
	FLUSH_USABLE = 40 * MIB, /* for entries, most of a segment of the log */
	COMPACT_USABLE = 21 * MIB,
	FLUSH_MIN = 104 * MIB, /* also where small chunks need less */
};

/* As chunkpack has them from what it is told. */
static struct chunk_params flush_params(const struct config_flush *f)
{
	struct chunk_params p = chunk_params_default;

	for (unsigned id = 0; id < CODEC_COUNT; id++)
		if (strcmp(codec_name(id), f->encoding) == 0)
			p.encoding = (enum codec_id)id;
	p.level = (int)f->level;
	bloom_what_parse(bytes_str(f->filter), &p.filter);
	if (f->chunk_bytes)
		p.chunk_bytes = (uint32_t)f->chunk_bytes;
	if (f->block_bytes)
		p.block_bytes = (uint32_t)f->block_bytes;
	if (p.chunk_bytes >= p.block_bytes)
		return p;
	if (f->chunk_bytes)
		p.block_bytes = p.chunk_bytes;
	else
		p.chunk_bytes = p.block_bytes;
	return p;
}

/* Compaction makes chunks as chunkpack does by default, with its filter; chunks that flushes made
 * larger are taken apart. */
static struct chunk_params compact_params(const struct chunk_params *flush)
{
	struct chunk_params p = chunk_params_default;

	p.filter = BLOOM_SMALL;
	if (flush->chunk_bytes > p.chunk_bytes)
		p.chunk_bytes = flush->chunk_bytes;
	if (flush->block_bytes > p.block_bytes)
		p.block_bytes = flush->block_bytes;
	return p;
}

/* Returns what compaction needs, and deletion, which has the same memory: it makes a pack anew as
 * it was made, with fewer threads where memory is short. */
static uint64_t settle(struct config *c)
{
	struct chunk_params flush = flush_params(&c->flush), merge = compact_params(&flush);
	uint64_t merged = merge_memory_min(&merge, c->compact.jobs);
	uint64_t flushed = merge_memory_min(&flush, 1);

	c->flush.memory_bytes = compact_whole_memory(packing_memory_min(&flush, 1)) + FLUSH_USABLE;
	if (c->flush.memory_bytes < FLUSH_MIN)
		c->flush.memory_bytes = FLUSH_MIN;
	return merged > flushed ? merged : flushed;
}

void config_default_memory(struct config *c)
{
	c->compact.memory_bytes = compact_whole_memory(settle(c)) + COMPACT_USABLE;
}

void config_settle_memory(struct config *c, const struct yaml_node *root, struct report *r)
{
	static const char key[] = "compactor.max_compaction_memory";
	const struct yaml_node *at = config_node(root, key);
	struct err e;

	if (c->compact.jobs < 1 || c->compact.jobs > WORK_JOBS_MAX)
		return; /* told already */
	if (!at || yaml_is_null(at))
		config_default_memory(c);
	else if (compact_check_memory(c->compact.memory_bytes, settle(c), c->compact.jobs, &e) < 0)
		report_error_at(r, at, "'%s': %s", key, e.msg);
}
