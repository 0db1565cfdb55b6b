import { SaxesParser, type SaxesTagNS } from 'saxes';

import { CoachbuilderError } from '../../errors/coachbuilder-error.ts';

/** An element as it was read, with its place in the text. */
export interface XmlElement {
  /** Without its prefix. */
  readonly name: string;
  readonly namespace: string;
  /** Those without a prefix by their names, those with one by `prefix:name`. */
  readonly attributes: Readonly<Record<string, string>>;
  /** All text directly in it, entities resolved. */
  readonly text: string;
  /** Index of its `<` and of what follows its last `>`. */
  readonly start: number;
  readonly end: number;
}

/** An element of which the elements in it matter, too. */
export interface XmlTree extends XmlElement {
  readonly children: readonly XmlTree[];
}

/** The piece of a document that one element of its root is. */
export interface XmlPiece {
  /** As it is in the document; name spaces that the root declares beyond the expected ones are declared here instead. */
  readonly xml: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** The elements directly in it that were asked for, by name; places count from the start of `xml`. */
  readonly children: ReadonlyMap<string, XmlElement>;
}

interface Open {
  readonly element: SaxesTagNS;
  readonly start: number;
  text: string;
}

interface Handlers {
  opened(tag: SaxesTagNS, depth: number): void;
  closed(open: Open, end: number, depth: number): void;
}

const xmlns = 'http://www.w3.org/2000/xmlns/';

function invalid(origin: string, problem: string, cause?: unknown): CoachbuilderError {
  return new CoachbuilderError('repository-invalid', `${origin} ${problem}`, {
    hint: 'look at that file; what made it did not write the XML that package managers expect',
    cause,
  });
}

function attributesOf(tag: SaxesTagNS): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.values(tag.attributes).map(({ name, value }) => [name, value]));
}

function elementOf({ element, start, text }: Open, end: number): XmlElement {
  return { name: element.local, namespace: element.uri, attributes: attributesOf(element), text, start, end };
}

/**
 * Reads a document once. What a place in the text is cut out by has to be the only thing that looks so: comments,
 * CDATA and document types, which could hold the text of an element without being one, are refused. No known program
 * writes them into repodata.
 */
function scan(document: string, origin: string, handlers: Handlers): void {
  const parser = new SaxesParser({ xmlns: true });
  const open: Open[] = [];
  let start = 0;
  const refuse = (what: string) => (): never => {
    throw invalid(origin, `holds ${what}, which has no place in repodata`);
  };
  parser.on('doctype', refuse('a document type'));
  parser.on('cdata', refuse('a CDATA section'));
  parser.on('comment', refuse('a comment'));
  parser.on('processinginstruction', refuse('a processing instruction'));
  parser.on('error', (error) => {
    throw invalid(origin, `is not well-formed XML: ${error.message}`, error);
  });
  parser.on('opentagstart', () => {
    // The parser has just read the name, which holds no such sign.
    start = document.lastIndexOf('<', parser.position - 1);
  });
  parser.on('opentag', (element) => {
    handlers.opened(element, open.length);
    open.push({ element, start, text: '' });
  });
  parser.on('text', (text) => {
    const current = open.at(-1);
    if (current !== undefined) current.text += text;
  });
  parser.on('closetag', () => {
    const closed = open.pop();
    if (closed !== undefined) handlers.closed(closed, parser.position, open.length);
  });
  parser.write(document).close();
}

/**
 * Reads a small document whole.
 * @param origin where it is from, for the message
 * @throws CoachbuilderError `repository-invalid`
 */
export function readTree(document: string, origin: string): XmlTree {
  const levels: XmlTree[][] = [[]];
  scan(document, origin, {
    opened: () => {
      levels.push([]);
    },
    closed: (open, end) => {
      const children = levels.pop() ?? [];
      levels.at(-1)?.push({ ...elementOf(open, end), children });
    },
  });
  const root = levels[0]?.[0];
  if (root === undefined) throw invalid(origin, 'is empty');
  return root;
}

export interface CutRequest {
  /** Name of the root and of the elements in it that are cut out. */
  readonly root: string;
  readonly piece: string;
  /** What the root has to declare: name spaces by prefix, `''` for the default one. */
  readonly namespaces: Readonly<Record<string, string>>;
  /** Which elements in a piece are wanted. */
  readonly wanted: ReadonlySet<string>;
  /** Where the document is from, for the message. */
  readonly origin: string;
  /** In a piece that we wrote ourselves, all that is wanted is before this. */
  readonly rest: string;
}

interface Cut {
  /** The root's. */
  readonly attributes: Readonly<Record<string, string>>;
  /** In the document's order. */
  readonly pieces: readonly XmlPiece[];
}

/** Declarations of the root beyond the expected ones, as attributes. @throws when it binds an expected prefix otherwise */
function furtherDeclarations(root: SaxesTagNS, request: CutRequest): string {
  const declared = Object.values(root.attributes).filter((attribute) => attribute.uri === xmlns);
  const further: string[] = [];
  for (const { prefix, local, value } of declared) {
    const name = prefix === '' ? '' : local;
    const expected = request.namespaces[name];
    if (expected === undefined) further.push(` xmlns:${name}="${escapeXml(value)}"`);
    else if (expected !== value) throw invalid(request.origin, `uses the name space ${value} instead of ${expected}`);
  }
  return further.join('');
}

/**
 * Cuts the elements directly below the root out of a document, as text that can be put into another one.
 * @throws CoachbuilderError `repository-invalid`
 */
export function cutPieces(document: string, request: CutRequest): Cut {
  const { origin, piece: pieceName, wanted } = request;
  const pieces: XmlPiece[] = [];
  let attributes: Readonly<Record<string, string>> = {};
  let declarations = '';
  let children: XmlElement[] = [];
  scan(document, origin, {
    opened: (tag, depth) => {
      if (depth === 0) {
        if (tag.local !== request.root || tag.uri !== request.namespaces[''])
          throw invalid(origin, `holds <${tag.name}> instead of <${request.root}>`);
        attributes = attributesOf(tag);
        declarations = furtherDeclarations(tag, request);
      } else if ((tag.name === pieceName) !== (depth === 1)) {
        throw invalid(origin, `holds <${tag.name}> where it has no place`);
      } else if (depth === 1) {
        children = [];
      }
    },
    closed: (open, end, depth) => {
      if (depth === 2 && open.element.prefix === '' && wanted.has(open.element.local))
        children.push(elementOf(open, end));
      if (depth !== 1) return;
      const nameEnd = open.start + 1 + open.element.name.length;
      const shift = declarations.length - open.start;
      pieces.push({
        xml: document.slice(open.start, nameEnd) + declarations + document.slice(nameEnd, end),
        attributes: attributesOf(open.element),
        children: new Map(
          children.map((child) => [child.name, { ...child, start: child.start + shift, end: child.end + shift }]),
        ),
      });
    },
  });
  return { attributes, pieces };
}

/** The pieces by their text alone; undefined when that does not tell. */
function cutShort(document: string, request: CutRequest): Cut | undefined {
  const end = `</${request.piece}>`;
  const first = document.indexOf(`<${request.piece} `);
  if (first === -1) return undefined;
  const texts: string[] = [];
  const short: string[] = [document.slice(0, first)];
  let from = first;
  for (let close = document.indexOf(end, from); close !== -1; close = document.indexOf(end, from)) {
    const start = document.indexOf('<', from);
    const text = document.slice(start, close);
    const rest = text.indexOf(request.rest);
    texts.push(text);
    short.push(rest === -1 ? text : text.slice(0, rest), end);
    from = close + end.length;
  }
  const { attributes, pieces } = cutPieces(short.join('') + document.slice(from), request);
  const whole = pieces.map((piece, index) => ({ ...piece, xml: `${texts[index] ?? ''}${end}` }));
  const isSame = pieces.every(({ xml }, index) => texts[index]?.startsWith(xml.slice(0, -end.length)));
  return isSame && pieces.length === texts.length ? { attributes, pieces: whole } : undefined;
}

/**
 * As {@link cutPieces}, of a document that is known to be sound: a list of the files of a few large packages is read in a
 * tenth of the time. What this short cut cannot tell is read whole.
 */
export function cutKnownPieces(document: string, request: CutRequest): Cut {
  try {
    const cut = cutShort(document, request);
    if (cut !== undefined) return cut;
  } catch (error) {
    if (!(error instanceof CoachbuilderError)) throw error;
  }
  return cutPieces(document, request);
}

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  // A parser makes spaces of these in attributes (XML 1.0, 3.3.3).
  '\t': '&#9;',
  '\n': '&#10;',
  '\r': '&#13;',
};

/** For text and for attributes in double quotes; XML 1.0, 2.4. */
export function escapeXml(text: string): string {
  return text.replace(/[&<>"\t\n\r]/g, (sign) => escapes[sign] ?? sign);
}
