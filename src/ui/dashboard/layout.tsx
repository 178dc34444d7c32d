import { Box, type DOMElement, type Instance, render, Text } from 'ink';
import type { ReactNode } from 'react';
import type { DashboardSnapshot } from '../../plan/snapshot.js';
import type { Look, StyleName } from '../charts/look.js';
import { CellGrid, type Rectangle, type Size } from '../terminal/cells.js';
import { gridFromSgr, sgrText } from '../terminal/sgr-text.js';
import { formatSpan } from '../text/numbers.js';
import { textWidth, truncateText } from '../text/width.js';
import { type Arrangement, arrange, type ShownPanel } from './arrangement.js';
import { columnTitle } from './model.js';
import { pageCount } from './pages.js';
import { type Stat, stateText, statsOf } from './stats.js';
import type { ViewState } from './view-state.js';

/** The texts of a frame, and where its charts belong. */
export interface Layout {
  readonly texts: CellGrid;
  readonly panels: readonly { readonly panel: ShownPanel; readonly area: Rectangle }[];
  readonly tiles: readonly { readonly stat: Stat; readonly area: Rectangle }[];
}

interface FrameProps {
  readonly snapshot: DashboardSnapshot;
  readonly view: ViewState;
  readonly size: Size;
  readonly look: Look;
  readonly place: (id: string, element: DOMElement | null) => void;
}

/** Text that carries its style through Ink; one line, never wrapped. */
function Piece({ look, style, children }: { look: Look; style: StyleName; children: string }): ReactNode {
  return <Text wrap="truncate">{sgrText(children, look.styles[style])}</Text>;
}

function Header({ snapshot, view, size, look }: FrameProps): ReactNode {
  const state = stateText(snapshot, view, look);
  const time = formatSpan(snapshot.elapsedMs);
  const badge = ` ${snapshot.pipeline} `;
  const right = `${state.text}  ${time} `;
  const room = size.columns - textWidth(badge) - textWidth(right) - 3;
  const place = snapshot.place ? `  ${snapshot.place}` : '';
  const title = look.say(snapshot.dashboard.title);
  return (
    <Box height={1} flexShrink={0} justifyContent="space-between">
      <Box>
        <Piece look={look} style="badge">
          {badge}
        </Piece>
        <Piece look={look} style="strong">
          {room > 3 ? ` ${truncateText(title, room, look.unicode ? '…' : '~')}` : ''}
        </Piece>
        <Piece look={look} style="dim">
          {textWidth(title) + textWidth(place) <= room ? place : ''}
        </Piece>
      </Box>
      <Box flexShrink={0}>
        <Piece look={look} style={state.style}>
          {state.text}
        </Piece>
        <Piece look={look} style="dim">{`  ${time} `}</Piece>
      </Box>
    </Box>
  );
}

/** As many numbers as fit in one line, the important ones first. */
function StatLine({ snapshot, size, look }: FrameProps): ReactNode {
  const shown: Stat[] = [];
  let used = 1;
  for (const stat of statsOf(snapshot, look.say)) {
    const width = textWidth(stat.value) + textWidth(stat.name) + 4;
    if (used + width - 3 > size.columns) break;
    used += width;
    shown.push(stat);
  }
  return (
    <Box height={1} flexShrink={0} paddingLeft={1} gap={3}>
      {shown.map((stat) => (
        <Box key={stat.name} flexShrink={0} gap={1}>
          <Piece look={look} style={stat.style}>
            {stat.value}
          </Piece>
          <Piece look={look} style="dim">
            {stat.name}
          </Piece>
        </Box>
      ))}
    </Box>
  );
}

function Tiles({ snapshot, look, place }: FrameProps): ReactNode {
  return (
    <Box height={4} flexShrink={0}>
      {statsOf(snapshot, look.say).map((stat) => (
        <Box
          key={stat.name}
          ref={(element) => place(`tile-${stat.name}`, element)}
          flexGrow={1}
          flexBasis={0}
          flexDirection="column"
          paddingX={2}
          paddingY={1}
        >
          <Piece look={look} style={stat.style}>
            {stat.value}
          </Piece>
          <Piece look={look} style="dim">
            {stat.detail}
          </Piece>
        </Box>
      ))}
    </Box>
  );
}

function Part({ part, place }: { part: Arrangement; place: FrameProps['place'] }): ReactNode {
  const room = part.rows === undefined ? { flexGrow: part.weight, flexBasis: 0 } : { height: part.rows, flexShrink: 0 };
  if (part.kind === 'panel') return <Box key={part.id} ref={(element) => place(part.id, element)} {...room} />;
  return (
    <Box key={part.id} {...room} flexDirection={part.kind === 'row' ? 'row' : 'column'}>
      {part.parts.map((inner) => (
        <Part key={inner.id} part={inner} place={place} />
      ))}
    </Box>
  );
}

function KeyLine({ snapshot, view, look, size }: FrameProps): ReactNode {
  if (view.draft !== undefined) {
    return (
      <Box height={1} flexShrink={0} paddingLeft={1} gap={2}>
        <Piece look={look} style="strong">{`/${view.draft}${look.unicode ? '▏' : '_'}`}</Piece>
        <Piece look={look} style="dim">
          {look.say('Enter keeps the filter, Esc drops it')}
        </Piece>
      </Box>
    );
  }
  const arrow = view.sort?.descending ? (look.unicode ? ' ▼' : ' v') : look.unicode ? ' ▲' : ' ^';
  const order = view.sort ? `${columnTitle(view.sort.column)}${arrow}` : look.say('first seen');
  const count = pageCount(snapshot);
  const keys: readonly (readonly [key: string, meaning: string])[] = [
    ['q', look.say('quit')],
    ['p', look.say(view.paused ? 'go on' : 'pause')],
    ...(count > 1 ? [['tab', `${snapshot.sink ?? look.say('page')} ${view.page + 1}/${count}`] as const] : []),
    ['s', look.say('sort: {1}', order)],
    ['/', view.filter ? look.say('filter: {1}', view.filter) : look.say('filter')],
    ['?', look.say('help')],
  ];
  const tight = size.columns < 60;
  const gap = tight ? 2 : 3;
  const shown: (readonly [key: string, meaning: string])[] = [];
  let used = 1;
  for (const [key, meaning] of keys) {
    const text = tight ? meaning.split(':')[0]!.trim() : meaning;
    used += textWidth(text) + textWidth(key) + 1 + gap;
    if (used - gap <= size.columns) shown.push([key, text]);
  }
  return (
    <Box height={1} flexShrink={0} paddingLeft={1} gap={gap}>
      {shown.map(([key, meaning]) => (
        <Box key={key} gap={1} flexShrink={0}>
          <Piece look={look} style="key">
            {key}
          </Piece>
          <Piece look={look} style="dim">
            {meaning}
          </Piece>
        </Box>
      ))}
    </Box>
  );
}

function Frame(props: FrameProps & { readonly body: Arrangement | undefined; readonly tiles: boolean }): ReactNode {
  const { size, body, tiles, place } = props;
  return (
    <Box width={size.columns} height={size.rows} flexDirection="column" overflow="hidden">
      <Header {...props} />
      {tiles ? <Tiles {...props} /> : <StatLine {...props} />}
      <Box flexGrow={1} flexDirection="row">
        {body ? <Part part={body} place={place} /> : null}
      </Box>
      <KeyLine {...props} />
    </Box>
  );
}

/** The place of an element on the screen, in cells. */
function areaOf(element: DOMElement): Rectangle | undefined {
  const node = element.yogaNode;
  if (!node) return undefined;
  let [x, y] = [0, 0];
  for (let at: DOMElement | undefined = element; at?.yogaNode; at = at.parentNode) {
    x += at.yogaNode.getComputedLeft();
    y += at.yogaNode.getComputedTop();
  }
  return { x, y, columns: node.getComputedWidth(), rows: node.getComputedHeight() };
}

/** The streams that Ink believes to be a terminal: it writes whole frames to them, and nobody else sees them. */
class Paper {
  readonly isTTY = false;
  columns = 80;
  rows = 24;
  text = '';

  write(text: string): boolean {
    this.text = text;
    return true;
  }

  on(): this {
    return this;
  }

  off(): this {
    return this;
  }
}

/**
 * Ink and Yoga as a function from a snapshot to texts and rectangles. Ink's debug mode renders at once and without
 * escapes of its own; its text is read back into cells.
 */
export class LayoutEngine {
  readonly #paper = new Paper();
  readonly #elements = new Map<string, DOMElement>();
  #ink: Instance | undefined;

  /** Lays out one frame. */
  layout(snapshot: DashboardSnapshot, view: ViewState, size: Size, look: Look): Layout {
    if (size.columns < 1 || size.rows < 1)
      return { texts: new CellGrid(size.columns, size.rows), panels: [], tiles: [] };
    const outline = arrange(snapshot.dashboard, size, snapshot.results.rows.length);
    const tiles = outline.statRows > 1;
    this.#show(
      <Frame
        snapshot={snapshot}
        view={view}
        size={size}
        look={look}
        body={outline.body}
        tiles={tiles}
        place={this.#place}
      />,
      size,
    );
    return {
      texts: gridFromSgr(this.#paper.text, size),
      panels: outline.body ? this.#panelsOf(outline.body) : [],
      tiles: tiles ? this.#tilesOf(statsOf(snapshot, look.say)) : [],
    };
  }

  /** Frees what Ink and Yoga hold. */
  close(): void {
    this.#ink?.unmount();
    this.#ink?.cleanup();
    this.#ink = undefined;
    this.#elements.clear();
  }

  readonly #place = (id: string, element: DOMElement | null): void => {
    if (element) this.#elements.set(id, element);
    else this.#elements.delete(id);
  };

  #show(frame: ReactNode, size: Size): void {
    this.#paper.columns = size.columns;
    this.#paper.rows = size.rows;
    if (this.#ink) {
      this.#ink.rerender(frame);
      return;
    }
    const stream = this.#paper as unknown as NodeJS.WriteStream;
    const nothing = { isTTY: false, on() {}, off() {}, unref() {} } as unknown as NodeJS.ReadStream;
    const options = { stdout: stream, stderr: stream, stdin: nothing, exitOnCtrlC: false, patchConsole: false };
    this.#ink = render(frame, { ...options, debug: true });
  }

  #panelsOf(part: Arrangement): Layout['panels'] {
    if (part.kind !== 'panel') return part.parts.flatMap((inner) => this.#panelsOf(inner));
    const element = this.#elements.get(part.id);
    const area = element && areaOf(element);
    return area ? [{ panel: part.panel, area }] : [];
  }

  #tilesOf(stats: readonly Stat[]): Layout['tiles'] {
    return stats.flatMap((stat) => {
      const element = this.#elements.get(`tile-${stat.name}`);
      const area = element && areaOf(element);
      return area ? [{ stat, area }] : [];
    });
  }
}
