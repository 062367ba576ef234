/* SPDX-License-Identifier: Apache-2.0 */
/* exchange: what the files exchange*.c share: a request that was handed out, and a reply that is
 * being taken in. */
#ifndef SAMBUNG_CLIENT_EXCHANGE_H
#define SAMBUNG_CLIENT_EXCHANGE_H

#include "client/device.h"
#include "client/pace.h"

enum { EXCHANGE_REQUESTS = 2 /* whose answers are still taken */ };

/* A request whose answer is awaited. */
struct asked {
	bool made;
	struct parcel_session session;
	uint32_t device; /* the number that asked: answers to a former one are of no use */
	bool continues;	 /* for a number to go on under, after a fork */
	bool destroyed;	 /* it said that nothing is left here */
	bool shut;	 /* the lease was over: it asked for the share */
	uint64_t r;
	uint32_t epoch;
	uint64_t scope_version;
	uint32_t count;	    /* of changes */
	uint32_t through_n; /* the last of them, or the last acknowledged */
	uint64_t witness_size;
	struct checkpoint from; /* a proof was asked for that begins here; size 0: none was */
	bool shows;		/* … and the server was shown it, whole */
};

/* A request on its way out; begin and end with exchange_asking_init and _finish. */
struct asking {
	struct sambung *device;
	struct local_state state; /* its changes begin after acked_n, where its chain stands */
	uint32_t size;		  /* bytes that the exchange may have: pace.h */
	uint32_t room;		  /* … and the reply, sealed; 0: what the pace gives it */
	bool carried;		  /* it goes into a file, and may ask for a proof beside changes */
	struct checkpoint from;	  /* as in struct asked */
	bool shows;
	struct arena arena;
	struct local_changes changes; /* as many as will be sent */
	struct local_batches batches;
	uint8_t h_last[HASH_SIZE]; /* the chain after them */
	struct buffer head;
	struct buffer body;
};

struct exchange {
	struct asked asked[EXCHANGE_REQUESTS]; /* newest first */
	struct buffer parcel;
	uint64_t r;	 /* the highest used, also by requests that left nothing on the disk, */
	uint32_t device; /* … under this number */
	uint32_t size;	 /* pace.h */
	struct checkpoint shown; /* that the next request shows; size 0: none */
	bool awaited;		 /* the answer to the newest request has not come, */
	int64_t asked_ms;	 /* which was made at this uptime */
};

/* A reply on its way into the database, inside one transaction. */
struct taking {
	struct sambung *device;
	const struct asked *asked;
	const struct reply *reply;
	bool newest;  /* it answers the last request */
	bool fits;    /* it starts from the cursor and the scope that the device has */
	bool carried; /* it came as a file, long after it was written */
	bool again;
	bool leaving;	  /* some records leave (local.h) */
	bool arriving;	  /* pages run of all that the scope has */
	bool lacking;	  /* a record is not here as the server thinks: the scope comes anew */
	bool erased;	  /* something was destroyed */
	bool doubted;	  /* the server's log is not the one that it signed before */
	bool old_program; /* it brought a schema that this program cannot read */
	struct local_state state;
	struct sambung_result counted;
	struct arena arena; /* of one record or change at a time */
};

/* The requests of this handle, made when first needed. */
enum status exchange_get(struct sambung *device, struct exchange **out, struct error *err);
int64_t exchange_uptime(struct sambung *device);
/* What stands in for a change; `batches` ascend and cover it. STORAGE if none does. */
enum status exchange_commitment(const struct local_state *state,
				const struct local_batches *batches,
				const struct local_change *change,
				uint8_t commitment_out[HASH_SIZE], struct error *err);
/* h goes on by one change; `batches` ascend and cover it. STORAGE if none does. */
enum status exchange_chain(const struct local_state *state, const struct local_batches *batches,
			   const struct local_change *change, uint8_t chain[HASH_SIZE],
			   struct error *err);

void exchange_asking_init(struct asking *asking, struct sambung *device);
void exchange_asking_finish(struct asking *asking);
/* Chooses the changes and writes body and head. While a fork is to be healed there are none: the
 * request asks for a number. */
enum status exchange_ask(struct asking *asking, uint64_t r, struct error *err);
/* Appends the sealed parcel. */
enum status exchange_seal(const struct asking *asking, uint64_t r, struct buffer *out,
			  struct asked *asked_out, struct error *err);
/* Unpacks what was sealed in the reply to taking->asked, and takes it in a transaction of its own.
 */
enum status exchange_take_packed(struct taking *taking, struct span packed, struct error *err);
/* The highest r that the present number has used. */
uint64_t exchange_highest_r(const struct sambung *device, const struct local_state *state);
void exchange_count(struct sambung_result *so_far, const struct sambung_result *counted);

/* lease.c: first of all of a reply: the lease goes on, and with its share the record key opens. */
enum status lease_take(struct taking *taking, struct error *err);
/* exchange_take.c: everything but the records. */
enum status exchange_take(struct taking *taking, struct error *err);
/* The next request takes the scope from its beginning. What is here of it and does not come then,
 * goes or leaves, as after another scope. */
enum status exchange_begin_anew(struct taking *taking, struct error *err);
/* Only what became of the changes, and goes on while it gets anywhere: the device is held. An
 * answer that got somewhere is counted, and one more tells of the status. */
enum status exchange_take_held(struct taking *taking, struct error *err);
/* The same; once the server has them all, the state says that everything here is to be destroyed.
 */
enum status exchange_take_revoked(struct taking *taking, struct error *err);
/* The exceptions of a reply; before the acknowledgements, which treat a quarantined change
 * otherwise. */
enum status exchange_take_exceptions(struct taking *taking, struct error *err);
/* A record cannot be opened, and never will be: the lease is over and the device was revoked, so it
 * gets no share. What a reply says of it needs no place any more. */
bool exchange_shut_for_good(const struct taking *taking, enum status status);
/*
 * revoked.c: instead of the above, for a device whose state says destroyed_ms. The first makes the
 * state of a request that says so; DESTROYED: that was answered before. The second takes any
 * answer: DESTROYED, and the installation has no number any more, if it was to such a request.
 * Costs 1.8 KB of code with all that destroys, 16 bytes in the state, and on the wire one byte more
 * in the one request after the last.
 */
enum status exchange_ask_destroyed(struct asking *asking, struct error *err);
enum status exchange_take_destroyed(struct taking *taking, struct error *err);
/* FOREIGN: of another epoch, and the server lost this device with its newest past. The next request
 * shows the certificate. */
enum status exchange_take_stranger(struct taking *taking, struct error *err);
/* Since the last epoch was told, the server has not said yet that it knows this device: it is shown
 * the certificate (some 200 bytes, in the first requests of an epoch only). */
bool exchange_is_stranger(const struct local_state *state);
/*
 * exchange_fork.c: where the log parts from what this installation says, or the number that it goes
 * on under. FORK if it cannot go on. Costs, with what it calls, 9 KB of code, and a device that
 * never forks 4 KiB on its disk (an empty table), 112 bytes of RAM in its state and nothing on the
 * wire. A fork costs 22 bytes on the disk, two requests of some 150 bytes with their answers, and
 * the pages of the scope.
 */
enum status exchange_take_fork(struct taking *taking, struct error *err);
/* What a head says to ask for a number; nothing unless state->fork_n is set. */
void exchange_continue(const struct sambung *device, const struct local_state *state,
		       struct request_head *head);
/*
 * exchange_witness.c: proofs that the log goes on. A day after the last one a request without
 * changes asks for one from the last checkpoint that was proven, a week after it any sync, at once
 * after a new epoch whose cut is not below it; and any request from the witness that the server has
 * just said not to know. What contradicts a checkpoint is kept as evidence, and everything else
 * goes on. Costs 5.5 KB of code, 4 KiB on the disk, 400 bytes of RAM; on the wire, each time, 117
 * bytes and 32 for each hash in the answer (18 hashes for a log of a million entries that grew by
 * ten thousand), and if there were always changes to send a request of its own for it, some 250
 * bytes with the rest of its answer, before HTTP. That a server which was set back learns it
 * (decision 19) is 0.6 KB of it, 113 bytes in a request that shows the witness and in each file
 * with changes, and one request more where it is asked for.
 */
/* The head's witness, and what it asks for. */
enum status witness_ask(struct asking *asking, struct request_head *head, struct error *err);
/* The next request shows the witness. */
static inline bool
witness_is_asked_for(const struct sambung *device)
{
	return device->exchange != NULL && device->exchange->shown.size != 0;
}
/* A server that does not know this device asks for the witness: the next request shows it, with the
 * certificate. False: it does not ask. */
bool witness_show(struct taking *taking);
/* Of a reply that tells of a new epoch: the server was shown what it signed, and began it because
 * its log is another. Kept as evidence; of an epoch that was announced before it says nothing. */
enum status witness_lost(struct taking *taking, struct error *err);
/* Checkpoint and proof of a reply of this epoch. SIGNATURE: the checkpoint is not this server's. */
enum status witness_take(struct taking *taking, struct error *err);
/* All else is done: one request more, if a proof is due. */
enum status witness_after(struct taking *taking, struct error *err);
/* exchange_records.c */
enum status exchange_take_acks(struct taking *taking, struct error *err);
enum status exchange_take_records(struct taking *taking, struct error *err);
/* exchange_erase.c: what a change said is destroyed, if it is not yet. */
enum status exchange_destroy_change(struct taking *taking, uint32_t n, struct error *err);
/* … and all that is here of the records that the reply names. */
enum status exchange_take_erased(struct taking *taking, struct error *err);
/* receipt.c: keeps the receipt that came, if it proves what is here; device->receipt tells. After
 * acknowledgements and checkpoint. */
enum status exchange_take_receipt(struct taking *taking, struct error *err);
/* SIGNATURE: one came, and proves nothing. */
enum status exchange_receipt_check(const struct sambung *device, struct error *err);
/* exchange_witness.c: another phone was shown this checkpoint, which the server signed. Of the same
 * size with another root it is evidence; a larger one the server has to prove at the next contact.
 */
enum status witness_take_seen(struct sambung *device, const struct local_state *state,
			      const struct checkpoint *seen, struct error *err);
/* seen.c, in a transaction of its own: another phone was shown this checkpoint. SIGNATURE: it is
 * not the server's. */
enum status exchange_take_seen(struct sambung *device, const struct checkpoint *seen,
			       struct error *err);
/* The loop of pages has ended: the versions of records rise to what the device knows by now. */
enum status exchange_raise(struct taking *taking, struct error *err);

#endif
