// SPDX-License-Identifier: Apache-2.0
// What a client needs of a schema's CBOR (docs/protocol.md, "Schema").

import { decode } from './cbor.mjs';

const TYPES = ['', 'integer', 'boolean', 'choice', 'set', 'date', 'text', 'reference', 'point'];
const POLICIES = ['', 'review', 'latest', 'max', 'min', 'once', 'set'];
const BUILT_IN = new Map([['village', -1], ['archived', -2], ['same_as', -3]]);
const DAY_MS = 86400000;

function fieldOf(map, lists) {
	return {
		tag: map.get(1),
		name: map.get(2),
		type: TYPES[map.get(4)],
		policy: POLICIES[map.get(5)],
		scale: map.get(7) ?? 0,
		choices: map.has(12) ? lists[map.get(12) - 1] : undefined,
	};
}

export class Schema {
	constructor(bytes) {
		const map = decode(bytes);
		const lists = (map.get(3) ?? []).map((list) => new Map((list.get(2) ?? []).map((choice) =>
			[choice.get(2), choice.get(1) ?? 0])));

		this.name = map.get(1);
		this.version = map.get(2);
		this.types = (map.get(4) ?? []).map((type) => ({
			tag: type.get(1),
			name: type.get(2),
			root: type.get(4) ?? 0,
			fields: (type.get(6) ?? []).map((field) => fieldOf(field, lists)),
		}));
	}

	type(name) {
		const found = this.types.find((type) => type.name === name || type.tag === name);

		if (found === undefined) {
			throw new Error(`no type ${name}`);
		}
		return found;
	}

	/** Policy by numbers; review for what is not known, built-in fields included. */
	policy(typeTag, tag) {
		const type = this.types.find((candidate) => candidate.tag === typeTag);
		const field = type?.fields.find((candidate) => candidate.tag === tag);

		return field?.policy ?? 'review';
	}

	/** Fields of a change, {name: value} as people write them, to a Map of tag to value. */
	fields(typeName, given) {
		const type = this.type(typeName);

		return new Map(Object.entries(given).map(([name, value]) => {
			if (BUILT_IN.has(name)) {
				return [BUILT_IN.get(name), value];
			}
			const field = type.fields.find((candidate) => candidate.name === name);
			if (field === undefined) {
				throw new Error(`no field ${typeName}.${name}`);
			}
			return [field.tag, stored(field, value)];
		}));
	}
}

function codeOf(field, name) {
	const code = field.choices.get(name);

	if (code === undefined) {
		throw new Error(`${field.name}: no choice ${name}`);
	}
	return code;
}

function stored(field, value) {
	switch (value === null ? 'empty' : field.type) {
	case 'integer':
		return Math.round(value * 10 ** field.scale);
	case 'choice':
		return codeOf(field, value);
	case 'set':
		return [value.reduce((mask, name) => mask + 2 ** codeOf(field, name), 0), 0];
	case 'date':
		return Date.parse(`${value}T00:00:00Z`) / DAY_MS;
	case 'point':
		return value.map((part) => Math.round(part * 10 ** field.scale));
	default:
		return value;
	}
}
