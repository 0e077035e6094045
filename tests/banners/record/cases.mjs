// What the drivers share: a case's shape, and times.

export const decided = (granted, refused, at = null) => answer('decided', granted, refused, at);
export const none = () => answer('none', [], []);
/** Of another revision; `at` is when it was made, for the clock of the one who reads. */
export const outdated = (at = null) => ({ ...answer('outdated', [], []), at });
/** After the banner's own end, which the value tells: it asks again. */
export const after = now => ({ ...none(), at: now });
export const malformed = () => answer('malformed', [], []);
export const ambiguous = () => answer('ambiguous', [], []);

function answer(state, granted, refused, at = null) {
    return { state, granted: [...granted].sort(), refused: [...refused].sort(), decided_at: at };
}

export const ALL = ['analytics', 'functional', 'marketing'];

/** A time as the tables write it: UTC, whole seconds (a tool's milliseconds are cut off). */
export function moment(time) {
    const date = time instanceof Date ? time : new Date(time);
    return date.toISOString().replace(/\.\d+Z$/, 'Z');
}

export function seen(name, cookie, settings, expected) {
    return one({ name }, cookie, settings, expected);
}

export function byHand(name, cookie, settings, expected) {
    return one({ name, by: 'hand' }, cookie, settings, expected);
}

/** `now` is there where the moment of the request matters and `decided_at` does not give it. */
function one(head, cookie, settings, { at, ...expected }) {
    return { ...head, cookie, settings, ...(at ? { now: moment(new Date(at)) } : {}), expected };
}

/** The raw value of a cookie in a header. */
export function value(header, name) {
    const pair = header.split('; ').find(pair => pair.startsWith(`${name}=`));
    return pair === undefined ? undefined : pair.slice(name.length + 1);
}

export const decodedJson = (header, name) => JSON.parse(decodeURIComponent(value(header, name)));

/** More than any browser keeps in one cookie (4 KiB), and more than a reader may look at. */
export const LONG = 9000;
