// SPDX-License-Identifier: Apache-2.0
// Holds decoded CBOR against docs/protocol.cddl: as much of RFC 8610 as that file uses.

import { readFileSync } from 'node:fs';

import { decode } from './cbor.mjs';

const TOKEN = /\s+|;[^\n]*|(?<number>-?\d+)|(?<text>"[^"]*")|(?<bytes>'[^']*')|(?<name>[a-zA-Z][\w-]*)|(?<sign>=>|\/\/|\.\.|\.[a-z]+|[=/?*+()[\]{},:])/gy;

function tokensOf(source) {
	const tokens = [];

	TOKEN.lastIndex = 0;
	while (TOKEN.lastIndex < source.length) {
		const at = TOKEN.lastIndex;
		const match = TOKEN.exec(source);

		if (match === null) {
			throw new Error(`CDDL: ${JSON.stringify(source.slice(at, at + 30))}`);
		}
		const [kind, value] = Object.entries(match.groups).find(([, found]) => found !== undefined) ?? [];
		if (kind !== undefined) {
			tokens.push({ kind, value });
		}
	}
	return tokens;
}

class Parser {
	constructor(source) {
		this.tokens = tokensOf(source);
		this.at = 0;
	}

	is(value, ahead = 0) {
		const token = this.tokens[this.at + ahead];

		return token?.kind === 'sign' && token.value === value;
	}

	take(value) {
		if (!this.is(value)) {
			throw new Error(`CDDL: ${value} expected, not ${this.tokens[this.at]?.value}`);
		}
		this.at++;
	}

	accept(value) {
		const found = this.is(value);

		this.at += found ? 1 : 0;
		return found;
	}

	rules() {
		const rules = new Map();

		while (this.at < this.tokens.length) {
			const name = this.tokens[this.at++].value;

			this.take('=');
			if (rules.has(name)) {
				throw new Error(`CDDL: ${name} stands twice`);
			}
			rules.set(name, this.is('(') ? this.parenthesised() : this.type());
		}
		return rules;
	}

	parenthesised() {
		this.take('(');
		const group = this.group(')');
		this.take(')');
		return group;
	}

	type() {
		const choices = [this.typeOne()];

		while (this.accept('/')) {
			choices.push(this.typeOne());
		}
		return choices.length === 1 ? choices[0] : { kind: 'choice', choices };
	}

	typeOne() {
		const first = this.typeTwo();

		if (this.accept('..')) {
			return { kind: 'range', low: first.value, high: this.typeTwo().value };
		}
		for (const control of ['.size', '.cbor']) {
			if (this.accept(control)) {
				return { kind: control, of: first, argument: this.typeTwo() };
			}
		}
		return first;
	}

	typeTwo() {
		for (const [open, close, kind] of [['[', ']', 'array'], ['{', '}', 'map']]) {
			if (this.accept(open)) {
				const group = this.group(close);

				this.take(close);
				return { kind, group };
			}
		}
		if (this.accept('(')) {
			const type = this.type();

			this.take(')');
			return type;
		}
		const { kind, value } = this.tokens[this.at++];
		if (kind === 'sign') {
			throw new Error(`CDDL: a type expected, not ${value}`);
		}
		return kind === 'number' ? { kind, value: BigInt(value) } :
			{ kind, value: kind === 'name' ? value : value.slice(1, -1) };
	}

	group(close) {
		const choices = [[]];

		while (!this.is(close)) {
			if (this.accept('//')) {
				choices.push([]);
				continue;
			}
			choices.at(-1).push(this.entry());
			this.accept(',');
		}
		return { kind: 'group', choices };
	}

	occurrence() {
		if (this.accept('?')) {
			return [0, 1];
		}
		if (this.accept('+')) {
			return [1, Infinity];
		}
		const low = this.is('*', 1) ? Number(this.tokens[this.at++].value) : 0;
		if (!this.accept('*')) {
			return [1, 1];
		}
		return [low, this.tokens[this.at].kind === 'number' ? Number(this.tokens[this.at++].value) :
			Infinity];
	}

	entry() {
		const [low, high] = this.occurrence();

		if (this.is('(')) {
			return { low, high, type: this.parenthesised() };
		}
		const type = this.type();
		if (this.accept(':')) {
			const key = type.kind === 'name' ? { kind: 'text', value: type.value } : type;

			return { low, high, key, cut: true, type: this.type() };
		}
		return this.accept('=>') ? { low, high, key: type, cut: false, type: this.type() } :
			{ low, high, type };
	}
}

const PRELUDE = {
	any: () => true,
	bool: (value) => typeof value === 'boolean',
	bstr: (value) => value instanceof Uint8Array,
	false: (value) => value === false,
	int: isInteger,
	null: (value) => value === null,
	true: (value) => value === true,
	tstr: (value) => typeof value === 'string',
	uint: (value) => isInteger(value) && value >= 0,
};

function isInteger(value) {
	return typeof value === 'bigint' || typeof value === 'number';
}

function sizeOf(value) {
	return typeof value === 'string' ? Buffer.byteLength(value) : value.length;
}

export class Cddl {
	constructor(source) {
		this.rules = new Parser(source).rules();
	}

	/** Is this decoded value what the rule says? */
	fits(rule, value) {
		return this.matches({ kind: 'name', value: rule }, value);
	}

	matches(type, value) {
		switch (type.kind) {
		case 'name':
			return this.rules.has(type.value) ? this.matches(this.rules.get(type.value), value) :
				PRELUDE[type.value](value);
		case 'choice':
			return type.choices.some((choice) => this.matches(choice, value));
		case 'number':
			return isInteger(value) && BigInt(value) === type.value;
		case 'text':
			return value === type.value;
		case 'bytes':
			return value instanceof Uint8Array && Buffer.from(value).equals(Buffer.from(type.value));
		case 'range':
			return isInteger(value) && value >= type.low && value <= type.high;
		case '.size':
			return this.matches(type.of, value) && this.matches(type.argument, sizeOf(value));
		case '.cbor':
			return this.matches(type.of, value) && this.matches(type.argument, decode(value));
		case 'array':
			return Array.isArray(value) && this.ends(type.group, value, 0).includes(value.length);
		case 'map':
			return value instanceof Map && this.left(type.group, [...value])?.length === 0;
		default:
			throw new Error(`CDDL: ${type.kind} is no type`);
		}
	}

	/** The group behind an entry, if it is one. */
	groupOf(type) {
		const named = type.kind === 'name' ? this.rules.get(type.value) : type;

		return named?.kind === 'group' ? named : null;
	}

	/** Where a group may end that begins at `at` of an array. */
	ends(group, items, at) {
		return group.choices.flatMap((entries) => entries.reduce((starts, entry) =>
			[...new Set(starts.flatMap((start) => this.entryEnds(entry, items, start)))], [at]));
	}

	entryEnds(entry, items, at) {
		const found = entry.low === 0 ? [at] : [];
		let starts = [at];

		for (let count = 1; count <= entry.high && starts.length > 0; count++) {
			starts = [...new Set(starts.flatMap((start) => this.onceEnds(entry.type, items, start)))];
			if (count >= entry.low) {
				found.push(...starts);
			}
		}
		return found;
	}

	onceEnds(type, items, at) {
		const group = this.groupOf(type);

		if (group !== null) {
			return this.ends(group, items, at);
		}
		return at < items.length && this.matches(type, items[at]) ? [at + 1] : [];
	}

	/** The pairs of a map that a group leaves over; null if it does not fit. */
	left(group, pairs) {
		const [entries] = group.choices;
		let rest = pairs;

		for (const entry of entries) {
			const inner = entry.key === undefined ? this.groupOf(entry.type) : null;
			const after = inner === null ? this.leftByEntry(entry, rest) : this.left(inner, rest);

			if (after === null && (inner === null || entry.low > 0)) {
				return null;
			}
			rest = after ?? rest;
		}
		return rest;
	}

	leftByEntry(entry, pairs) {
		const mine = pairs.filter(([key, value]) => this.matches(entry.key, key) &&
			(entry.cut || this.matches(entry.type, value)));
		const fitting = mine.every(([, value]) => this.matches(entry.type, value));

		return fitting && mine.length >= entry.low && mine.length <= entry.high ?
			pairs.filter((pair) => !mine.includes(pair)) : null;
	}
}

/** docs/protocol.cddl of this tree. */
export function protocolCddl() {
	return new Cddl(readFileSync(new URL('../../docs/protocol.cddl', import.meta.url), 'utf8'));
}
