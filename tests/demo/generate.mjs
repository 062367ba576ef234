// SPDX-License-Identifier: Apache-2.0
//
// Writes the demonstration district: daemon/demo/families.csv and persons.csv.
//
//   node tests/demo/generate.mjs [FOLDER]      FOLDER defaults to daemon/demo of this tree
//
// Every person is made up. The numbers show it: each no_kk and NIK ends in 9xxx and each telephone
// number begins with 08000000. The same program always writes the same bytes: the only
// source of chance is the seed below, and "today" is a constant, never the clock.

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SEED = 630307;
const TODAY = Date.UTC(2026, 10, 1);
const DAY_MS = 86400000;
const YEAR_DAYS = 365.25;
const KECAMATAN = '630307';

const VILLAGES = [
	{ code: '6303072001', families: 46, lat: -3.4127, lon: 114.8466,
	  dusun: ['Sungai Kitano', 'Pematang Panjang', 'Handil Barabai'],
	  streets: ['Jl. Veteran', 'Jl. Teratai', 'Gg. Purnama', 'Jl. Handil'],
	  regions: ['banjar', 'banjar', 'banjar', 'banjar', 'jawa'] },
	{ code: '6303072002', families: 44, lat: -3.4391, lon: 114.8712,
	  dusun: ['Transmigrasi Blok A', 'Transmigrasi Blok B', 'Tanjung Harapan'],
	  streets: ['Jl. Poros', 'Jl. Irigasi', 'Jl. Koperasi', 'Gg. Rambutan'],
	  regions: ['jawa', 'jawa', 'banjar', 'madura', 'sunda'] },
	{ code: '6303072003', families: 42, lat: -3.3958, lon: 114.9024,
	  dusun: ['Muara Tambangan', 'Pagatan Hulu', 'Kampung Bugis'],
	  streets: ['Jl. Pelabuhan Lama', 'Jl. Tepian', 'Gg. Nelayan', 'Jl. Batu Bara'],
	  regions: ['bugis', 'bugis', 'banjar', 'banjar', 'dayak'] },
];

// origin: region codes in which people of this origin were first registered
// second: added to about half of the one-word names, so that a village has few namesakes
const NAMES = {
	banjar: { origin: ['630307', '630307', '630307', '630702', '630806', '637101'],
		male: ['Syahrani', 'Fahrurrazi', 'Masrani', 'Jumberi', 'Rahmadi', 'Anang Syarkawi',
			'Idrus', 'Muhyar', 'Supiani', 'Hamsani', 'Zainal Ilmi', 'Khairullah',
			'Baihaqi', 'Sarkani', 'Ardiansyah', 'Misran'],
		female: ['Jamilah', 'Norhasanah', 'Masliah', 'Salasiah', 'Noorlaila', 'Rusmini',
			'Galuh Rahmah', 'Mastora', 'Fauziah', 'Norjanah', 'Hamidah',
			'Raudatul Jannah', 'Siti Mariam', 'Zahratunnisa', 'Mursidah', 'Helda'],
		second: { male: ['Noor', 'Effendi', 'Rahman', 'Anwar'],
			female: ['Noor', 'Hasanah', 'Fitriani', 'Wahidah'] } },
	jawa: { origin: ['630307', '630307', '350715', '331204', '340213'],
		male: ['Suparman', 'Wagiman', 'Tri Widodo', 'Sugeng Riyadi', 'Paijan', 'Mulyono',
			'Kasiyanto', 'Sutrisno', 'Heri Purwanto', 'Ngatimin', 'Yoga Prasetya',
			'Edi Sulistyo', 'Wahyu Jatmiko', 'Sumarno'],
		female: ['Suminah', 'Partini', 'Endang Sulastri', 'Tukiyem', 'Wiwik Winarti',
			'Ngatinah', 'Retno Palupi', 'Sulasmi', 'Umi Kulsum', 'Yayuk Pujiastuti',
			'Erna Setyowati', 'Lilis Mulyani', 'Ponirah', 'Dwi Ambarwati'],
		second: { male: ['Raharjo', 'Hadi', 'Susilo', 'Utomo'],
			female: ['Rahayu', 'Ningsih', 'Puspita', 'Widyawati'] } },
	bugis: { origin: ['630307', '630307', '731105', '730803', '631005'],
		male: ['Andi Baso', 'Ambo Dalle', 'Muh. Tahir', 'La Palari',
			'Sudirman Daeng Matteru', 'Hasanuddin', 'Andi Mappanyukki', 'Sabir',
			'Abdul Kadir', 'Baharuddin', 'Ambo Tuwo', 'Rustam'],
		female: ['Besse Tenri', 'Andi Hasnawati', 'Indo Upe', 'Rosmini', 'Hj. Nurhayati',
			'Sitti Aminah', 'Besse Marwah', 'Andi Tenri Ola', 'Kasmawati', 'Rahmatia',
			'Jumriani', 'Hasna'],
		second: { male: ['Tola', 'Mangkona', 'Palewai', 'Saleh'],
			female: ['Tahir', 'Bau', 'Saleh', 'Patimang'] } },
	madura: { origin: ['630307', '352708', '352913'],
		male: ['Moh. Hasan', 'Sahrawi', 'Mat Tasan', 'Busiri', 'Moh. Holil', 'Suriyanto',
			'Abd. Rahem', 'Misnadin'],
		female: ['Misnati', 'Hosniyah', 'Sumiyati', 'Maimunah', 'Satiyah', 'Halimatus',
			'Nur Jannah', 'Rusmiyati'],
		second: { male: ['Fadil', 'Karim'], female: ['Karim', 'Zainab'] } },
	sunda: { origin: ['630307', '320512', '320817'],
		male: ['Asep Saepudin', 'Ujang Rohmat', 'Dadang Supriatna', 'Cecep Gunawan',
			'Aep Saefuloh', 'Engkos Kosasih'],
		female: ['Neneng Komariah', 'Euis Rohaeti', 'Cucu Sumiati', 'Iis Aisyah',
			'Tati Suhaeti', 'Imas Masitoh'],
		second: { male: ['Mulyana'], female: ['Nuraeni'] } },
	dayak: { origin: ['630307', '630307', '630613'],
		male: ['Yansen', 'Ayal', 'Kornelius', 'Rinto Dehen', 'Aspiandi', 'Sandro Lampang'],
		female: ['Meliana', 'Yuliana Bulan', 'Ester', 'Lidia Nyai', 'Natalia',
			'Susi Intan'],
		second: { male: ['Tundan', 'Bahat', 'Usop'], female: ['Tundan', 'Lestia', 'Usop'] },
		children: { male: ['Gabriel', 'Kevin', 'Yoel', 'Marsel', 'Aldo'],
			female: ['Gracia', 'Angel', 'Tesalonika', 'Priska', 'Yemima'] } },
};
const CHILDREN = {
	male: ['Muhammad Alfarizi', 'Ahmad Zaki', 'Naufal Hafiz', 'Rafa Azka', 'Muhammad Kenzo',
		'Gibran Ramadhan', 'Arsyad', 'Daffa', 'Fathan', 'Ibnu Sina', 'Reyhan',
		'Galang Perkasa', 'Habibi', 'Raditya', 'Azzam', 'Yusuf Maulana', 'Bintang', 'Farel',
		'Ilham', 'Zidan'],
	female: ['Aisyah Humaira', 'Nabila Zahra', 'Keysha Putri', 'Shafiyya', 'Naura Salsabila',
		'Alya Khairunnisa', 'Hafizah', 'Khadijah', 'Annisa', 'Cinta Maharani', 'Maulida',
		'Nafisa', 'Adeeva', 'Syifa', 'Kirana', 'Zivanna', 'Rahma', 'Intan Permata',
		'Safira', 'Qonita'],
};

const FAMILY_COLUMNS = ['key', 'village', 'no_kk', 'head', 'address', 'dusun', 'rt', 'rw', 'point',
	'members_count', 'decile', 'water', 'latrine', 'pus', 'water_unsafe', 'latrine_unsafe',
	'too_young', 'too_old', 'too_close', 'too_many', 'aid', 'verified', 'verified_date',
	'registered_date'];
const PERSON_COLUMNS = ['key', 'village', 'family', 'name', 'nik', 'sex', 'birth_date', 'relation',
	'group', 'mother', 'phone', 'birth_weight', 'birth_length', 'birth_gestation', 'consent',
	'consent_date'];

const UNSAFE_WATER = ['unprotected_well', 'unprotected_spring', 'surface'];
const UNSAFE_LATRINE = ['pit', 'over_water', 'none'];

// A source of numbers in [0, 1): SplitMix32.
function chance_create(seed) {
	let state = seed >>> 0;
	return () => {
		state = (state + 0x9e3779b9) >>> 0;
		let z = state;
		z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
		z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
		return ((z ^ (z >>> 15)) >>> 0) / 4294967296;
	};
}

const chance = chance_create(SEED);
const between = (low, high) => low + Math.floor(chance() * (high - low + 1));
const pick = (list) => list[Math.floor(chance() * list.length)];
const happens = (probability) => chance() < probability;
const pad = (number, width) => String(number).padStart(width, '0');
const date_text = (ms) => new Date(ms).toISOString().slice(0, 10);
const days_ago = (days) => TODAY - Math.round(days) * DAY_MS;
const age_days = (person) => (TODAY - person.birth) / DAY_MS;
const near = (degrees) => (degrees + (chance() - 0.5) * 0.018).toFixed(5);
const age_years = (person) => age_days(person) / YEAR_DAYS;
const born_at_age = (low, high) => days_ago((low + chance() * (high - low)) * YEAR_DAYS);

// Region of first registration, DDMMYY (day + 40 for a woman), then a serial from 9001 up.
let serial = 9000;
function registered_number(region, ms, female) {
	const day = new Date(ms);
	serial = serial === 9999 ? 9001 : serial + 1;
	return region + pad(day.getUTCDate() + (female ? 40 : 0), 2) +
		pad(day.getUTCMonth() + 1, 2) + pad(day.getUTCFullYear() % 100, 2) + serial;
}

function person_create(name, sex, birth, relation, region) {
	return { name, sex, birth, relation, group: 'none', mother: null, phone: '',
		nik: registered_number(region, birth, sex === 'female'), newborn: null };
}

// Names of grown people already used in the village at hand; a few namesakes remain.
const taken = new Set();

function name_pick(names, sex) {
	let name = '';
	for (let draw = 0; draw < 6 && (name === '' || taken.has(name)); draw++) {
		name = pick(names[sex]);
		if (!name.includes(' ') && happens(0.55)) {
			name += ' ' + pick(names.second[sex]);
		}
	}
	taken.add(name);
	return name;
}

function child_create(birth, mother, names) {
	const sex = happens(0.51) ? 'male' : 'female';
	const child = person_create(pick((names.children ?? CHILDREN)[sex]), sex, birth, 'child',
		KECAMATAN);
	child.mother = mother;
	if (age_days(child) <= 730) {
		child.group = 'baduta';
	} else if (age_days(child) <= 1826) {
		child.group = 'balita';
	}
	if (child.group !== 'none' && happens(0.85)) {
		const small = happens(0.12);
		child.newborn = {
			weight: small ? between(192, 248) * 10 : between(255, 385) * 10,
			length_mm: small ? between(440, 478) : between(482, 522),
			gestation: small ? between(34, 38) : between(37, 41),
		};
	}
	return child;
}

// Couples of the programme: a target in nearly every family, the groups unevenly spread.
function members_create(kind, names) {
	const region = pick(names.origin);
	const wife_age = { newlywed: [18, 21.5], pregnant: [18.5, 39], post_partum: [18.8, 38],
		infant: [19.5, 39.5], toddler: [22, 41], engaged: [42, 52], elder: [58, 72] }[kind];
	const wife = person_create(name_pick(names, 'female'), 'female', born_at_age(...wife_age),
		'spouse', region);
	const husband = person_create(name_pick(names, 'male'), 'male',
		wife.birth - between(0, 2200) * DAY_MS, 'head', pick(names.origin));
	const alone = (kind === 'elder' && happens(0.5)) || (kind === 'toddler' && happens(0.07));
	const members = alone ? [wife] : [husband, wife];
	if (alone) {
		wife.relation = 'head';
	}

	const youngest_days = { pregnant: [800, 2600], post_partum: [3, 41], infant: [45, 725],
		toddler: [735, 1800], engaged: [4200, 6000] }[kind];
	if (kind === 'pregnant') {
		wife.group = 'bumil';
	} else if (kind === 'post_partum') {
		wife.group = 'pascasalin';
	}
	if (youngest_days && (kind !== 'pregnant' || age_years(wife) > 23)) {
		children_create(wife, youngest_days, names).forEach((child) => members.push(child));
	}
	if (kind === 'engaged') {
		const sex = happens(0.6) ? 'female' : 'male';
		const adult = person_create(name_pick(names, sex), sex, born_at_age(18.6, 26),
			'child', KECAMATAN);
		adult.mother = wife;
		adult.group = 'catin';
		members.splice(alone ? 1 : 2, 0, adult);
	}
	if (happens(0.16) && kind !== 'elder' && kind !== 'engaged') {
		members.push(person_create(name_pick(names, 'female'), 'female',
			wife.birth - between(7500, 11000) * DAY_MS,
			happens(0.5) ? 'parent' : 'parent_in_law', pick(names.origin)));
	}
	return members;
}

// Oldest first; no child before the mother was 17; some brothers and sisters too close on purpose.
function children_create(mother, youngest_days, names) {
	const births = [days_ago(between(...youngest_days))];
	const wanted = pick([1, 1, 2, 2, 2, 3, 3, 4]);
	while (births.length < wanted) {
		const gap = happens(0.15) ? between(400, 700) : between(800, 2300);
		const birth = births[0] - gap * DAY_MS;
		if (birth - mother.birth < 17 * YEAR_DAYS * DAY_MS) {
			break;
		}
		births.unshift(birth);
	}
	return births.map((birth) => child_create(birth, mother, names));
}

function reproduction_flags(members) {
	const wife = members.find((one) =>
		one.sex === 'female' && ['spouse', 'head'].includes(one.relation));
	const births = members.filter((one) => one.relation === 'child')
		.map((one) => one.birth).sort((a, b) => a - b);
	const age = wife ? age_years(wife) : 99;
	const couple = members.some((one) => one.relation === 'spouse') && age >= 15 && age < 50;
	const close = births.some((birth, at) =>
		at > 0 && birth - births[at - 1] < 2 * YEAR_DAYS * DAY_MS);
	return { pus: couple, too_young: couple && age < 20,
		too_old: couple && age >= 35 && age <= 40,
		too_close: couple && close, too_many: couple && births.length >= 3 };
}

function aid_choose(decile, has_target) {
	const aid = [];
	if (decile <= 4 && happens(0.6)) {
		aid.push('bansos');
	}
	if (decile <= 3 && has_target && happens(0.35)) {
		aid.push('genting');
	}
	if (has_target && happens(0.3)) {
		aid.push('mbg');
	}
	if (decile <= 2 && happens(0.25)) {
		aid.push('dana_desa');
	}
	return aid.sort().join(',');
}

function family_create(village, number) {
	const kind = pick(['newlywed', 'pregnant', 'pregnant', 'pregnant', 'post_partum',
		'post_partum', 'infant', 'infant', 'infant', 'toddler', 'toddler', 'toddler',
		'engaged', 'engaged', 'elder']);
	const members = members_create(kind, NAMES[pick(village.regions)]);
	const decile = Math.min(between(1, 10), between(2, 10));
	const water = pick(['piped', 'bottled', 'borehole', 'borehole', 'protected_well',
		'unprotected_well', 'surface', 'rain']);
	const latrine = pick(['septic', 'septic', 'septic', 'septic', 'septic', 'shared_septic',
		'shared_septic', 'pit', 'over_water', 'none']);
	const verified = happens(0.75);
	const registered = days_ago(between(250, 1900));
	const flag = (value, known) => (happens(known) ? String(value) : '');
	const row = { key: `K${village.code.slice(6)}-${pad(number, 3)}`, village: village.code,
		no_kk: happens(0.9)
			? registered_number(KECAMATAN, days_ago(between(200, 5200)), false) : '',
		head: members[0].name,
		address: happens(0.93) ? `${pick(village.streets)} No. ${between(1, 88)}` : '',
		dusun: pick(village.dusun), rt: pad(between(1, 6), 3), rw: pad(between(1, 3), 3),
		point: happens(0.8) ? `${near(village.lat)},${near(village.lon)}` : '',
		members_count: members.length, decile: happens(0.9) ? decile : '',
		water: happens(0.95) ? water : '', latrine: happens(0.95) ? latrine : '',
		water_unsafe: flag(UNSAFE_WATER.includes(water), 0.95),
		latrine_unsafe: flag(UNSAFE_LATRINE.includes(latrine), 0.95),
		aid: aid_choose(decile, members.some((one) => one.group !== 'none')),
		verified: verified
			? (happens(0.85) ? 'present' : pick(['moved', 'not_found'])) : '',
		verified_date: verified ? date_text(days_ago(between(5, 240))) : '',
		registered_date: happens(0.92) ? date_text(registered) : '' };
	for (const [name, value] of Object.entries(reproduction_flags(members))) {
		row[name] = flag(value, 0.97);
	}
	return { row, members };
}

function person_row(family, member, number) {
	const grown = age_years(member) >= 17;
	const consented = member.group !== 'none' && happens(0.8);
	const newborn = member.newborn;
	member.key = `${family.key}-${number}`;
	return { key: member.key, village: family.village, family: family.key, name: member.name,
		nik: happens(age_days(member) < 120 ? 0.35 : 0.93) ? member.nik : '',
		sex: member.sex,
		birth_date: happens(0.985) || !grown ? date_text(member.birth) : '',
		relation: member.relation, group: member.group,
		mother: member.mother ? member.mother.key : '',
		phone: grown && happens(0.45) ? '08000000' + pad(between(1, 9999), 4) : '',
		birth_weight: newborn ? newborn.weight : '',
		birth_length: newborn && happens(0.9) ? (newborn.length_mm / 10).toFixed(1) : '',
		birth_gestation: newborn && happens(0.8) ? newborn.gestation : '',
		consent: consented ? (grown ? 'self' : 'guardian') : '',
		consent_date: consented
			? date_text(days_ago(between(0, Math.min(200, age_days(member))))) : '' };
}

// Two numbers that contradict their person, to show the warning: one by sex, one by date of birth.
function mismatches_plant(persons) {
	const usable = persons.filter((one) => one.nik && one.birth_date && one.group === 'bumil');
	const [by_sex, by_date] = [usable[3], usable[11]];
	const day = Number(by_sex.nik.slice(6, 8)) - 40;
	by_sex.nik = by_sex.nik.slice(0, 6) + pad(day, 2) + by_sex.nik.slice(8);
	const month = Number(by_date.nik.slice(8, 10)) % 12 + 1;
	by_date.nik = by_date.nik.slice(0, 8) + pad(month, 2) + by_date.nik.slice(10);
}

function csv_text(columns, rows) {
	const cell = (value) => {
		const text = String(value);
		return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
	};
	return [columns, ...rows.map((row) => columns.map((name) => row[name]))]
		.map((cells) => cells.map(cell).join(',') + '\n').join('');
}

const folder = process.argv[2] ?? join(dirname(fileURLToPath(import.meta.url)), '..', '..',
	'daemon', 'demo');
const families = [];
const persons = [];
for (const village of VILLAGES) {
	taken.clear();
	for (let number = 1; number <= village.families; number++) {
		const { row, members } = family_create(village, number);
		families.push(row);
		members.forEach((member, at) => {
			persons.push(person_row(row, member, at + 1));
		});
	}
}
mismatches_plant(persons);
mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, 'families.csv'), csv_text(FAMILY_COLUMNS, families));
writeFileSync(join(folder, 'persons.csv'), csv_text(PERSON_COLUMNS, persons));
