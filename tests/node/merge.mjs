// SPDX-License-Identifier: Apache-2.0
// The merge (docs/merging.md), written a second time.

/** The highest seq of the current epoch that an author with this base had seen. */
export function baseCap(epochs, base) {
	let cap = base.version;
	let epoch = epochs.at(-1);

	for (let steps = 0; steps < epochs.length && epoch !== undefined; steps++) {
		if (epoch.epoch === base.epoch) {
			return cap;
		}
		cap = Math.min(cap, epoch.cut);
		const { parent } = epoch;
		epoch = epochs.find((candidate) => candidate.epoch === parent);
	}
	return 0;
}

/** lineages: a Map of stream to {parent, n} of those that went on after a fork. */
function ownCovers(lineages, viewer, other) {
	let stream = viewer.own_stream || viewer.stream;
	let n = viewer.own;

	for (let steps = 0; steps <= lineages.size; steps++) {
		if (other.stream === stream && other.n <= n) {
			return true;
		}
		if (!lineages.has(stream)) {
			return false;
		}
		({ parent: stream, n } = lineages.get(stream));
	}
	return false;
}

function saw(context, viewer, other) {
	if (other.seq !== 0 && other.seq <= baseCap(context.epochs, viewer.base)) {
		return true;
	}
	return ownCovers(context.lineages ?? new Map(), viewer, other);
}

/** Nobody can have seen what comes later than the change itself. */
function baseOf(epochs, change, seq) {
	if (!change.base) {
		return { epoch: 0, version: 0 };
	}
	const [epoch, version] = change.base;
	const future = epoch === epochs.at(-1).epoch && version >= seq;

	return { epoch, version: future ? seq - 1 : version };
}

function dotOf(epochs, stream, change, seq, ofServer) {
	const own = change.own ?? (ofServer ? 0 : change.n - 1);
	const [ownStream, ownN] = Array.isArray(own) ? own : [stream, own];

	return {
		seq, time: change.time, n: change.n, stream,
		base: baseOf(epochs, change, seq),
		own_stream: ownStream === stream ? 0 : ownStream, own: ownN,
	};
}

function maskOf(value) {
	return Array.isArray(value) ? BigInt(value[0]) : value === null ? 0n : BigInt(value);
}

function touchedBy(value) {
	return Array.isArray(value) ? BigInt(value[0]) | BigInt(value[1]) : (1n << 63n) - 1n;
}

function plain(mask) {
	return mask <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(mask) : mask;
}

/** Members here carry their dot itself; recordIndexed() numbers them. */
function mergeField(context, field, policy, dot, value) {
	const members = [];
	let rank = dot.seq;

	for (const member of field?.members ?? []) {
		if (!saw(context, dot, member.dot)) {
			members.push(member);
			continue;
		}
		if (policy === 'once' && (rank === 0 || (member.rank !== 0 && member.rank < rank))) {
			rank = member.rank;
		}
		if (policy === 'set') {
			const rest = maskOf(member.value) & ~touchedBy(value);

			if (rest !== 0n) {
				members.push({ ...member, top: false, value: plain(rest) });
			}
		}
	}
	members.push({ dot, top: true, rank, value: policy === 'set' ? plain(maskOf(value)) : value });
	members.sort((a, b) => a.dot.stream - b.dot.stream || a.dot.n - b.dot.n);
	return { version: dot.seq || (field?.version ?? 0), members };
}

/** Merges one logged change; a state is {id, type, version, fields}. */
export function merge(context, state, stream, change, seq, ofServer) {
	const dot = dotOf(context.epochs, stream, change, seq, ofServer);

	for (const [tag, value] of change.fields) {
		const policy = context.policyOf(change.type, tag);

		state.fields.set(tag, mergeField(context, state.fields.get(tag), policy, dot, value));
	}
	state.version = Math.max(state.version, seq);
}

function later(a, b) {
	return a.time - b.time || a.stream - b.stream || a.n - b.n;
}

/** The value shown, for every policy but set; undefined without the field. */
export function shown(field, policy) {
	const order = {
		max: (a, b) => extreme(a, b, 1),
		min: (a, b) => extreme(a, b, -1),
		once: (a, b) => (b.rank || Infinity) - (a.rank || Infinity) ||
			(b.dot.seq || Infinity) - (a.dot.seq || Infinity) || later(b.dot, a.dot),
	}[policy] ?? ((a, b) => later(a.dot, b.dot));

	return field?.members.reduce((best, member) => (order(member, best) > 0 ? member : best)).value;
}

function extreme(a, b, sign) {
	if ((a.value === null) !== (b.value === null)) {
		return a.value === null ? -1 : 1;
	}
	return sign * (a.value - b.value) || later(a.dot, b.dot);
}

function tagOrder([a], [b]) {
	return (a < 0) === (b < 0) ? Math.abs(a) - Math.abs(b) : b - a;
}

/** The state as record.mjs writes it: dots in order, members by their place among them. */
export function recordIndexed(state, village) {
	const used = new Set([...state.fields.values()].flatMap((field) =>
		field.members.map((member) => member.dot)));
	const dots = [...used].sort((a, b) => a.stream - b.stream || a.n - b.n);
	const fields = new Map([...state.fields].sort(tagOrder).map(([tag, field]) => [tag, {
		version: field.version,
		members: field.members.map((member) => ({ ...member, dot: dots.indexOf(member.dot) })),
	}]));

	return { id: state.id, type: state.type, village, version: state.version, dots, fields };
}
