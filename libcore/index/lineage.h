/*
 * What a pack made of packs says of where its entries come from. Of packs X1..Xk that one run makes
 * of the same inputs, the last says it, with X1..Xk-1 added to its parts; the others have sources
 * alone. Rules: lokid-chunk(5), "PROVENANCE". For any thread.
 */
#ifndef INDEX_LINEAGE_H
#define INDEX_LINEAGE_H

#include "chunk/pack.h"
#include "index/deletes.h"

struct lineage_input {
	struct hash128 name;
	const struct pack_trailer *trailer;
};

/* The lists ascend, without doubles. {0} is a valid empty one. */
struct lineage {
	struct hash_list segments, replaced;
	struct hash_list parts;	  /* of earlier runs, without which the two above do not hold */
	struct hash_list sources; /* the inputs */
	struct common_deletes deletes; /* the strings are the trailers' */
	int64_t order_key;	       /* the highest */
	bool mixed;		       /* a part holds more than what is named here */
};

/*
 * Of n inputs, all of which are replaced. there: ascending, the packs that are there or were
 * replaced by such as are (live_known_packs); what an input says that has parts which are not among
 * them is not taken over, and the input itself is still replaced.
 */
void lineage_init(struct lineage *ret, const struct lineage_input *v, size_t n,
		  const struct hash_list *there);
/* What is made of `pack`, an input, has other lines: `replaced` gets the mark of it. what: as
 * rewriting_mark has it. */
void lineage_rewritten(struct lineage *l, const struct hash128 *pack, uint64_t what);
void lineage_release(struct lineage *l);

#endif
