extension BrowsePage {
  /// Beside the style of reports: a name is a card, on a telephone with its crops below its histogram.
  static let style = """
    .filter.browse { z-index: 4; background: var(--paper); padding: .5rem 0;
      border-bottom: 1px solid var(--line); }
    .filter label { display: inline-flex; flex-wrap: wrap; gap: .1rem .4rem; align-items: center; }
    input[type=range] { width: 9rem; max-width: 100%; accent-color: var(--accent); }
    button { font: inherit; color: inherit; background: var(--tint); cursor: pointer;
      border: 1px solid var(--quiet); border-radius: 4px; padding: .3rem .8rem; }
    .card { display: grid; gap: .3rem 1.4rem; padding: 1rem 0; border-bottom: 1px solid var(--line); }
    .card > * { min-width: 0; }
    .card h3 { margin: 0; unicode-bidi: isolate; }
    .card p { margin: .1rem 0 .5rem; color: var(--quiet); font-size: .88rem; }
    .histogram svg { display: block; width: 100%; max-width: 20rem; height: auto;
      border-bottom: 1px solid var(--quiet); }
    .histogram .on { fill: var(--accent); }
    .histogram .off { fill: var(--line); }
    .histogram line { stroke: var(--novel); stroke-width: 1.5; stroke-dasharray: 3 2; }
    .axis { display: flex; justify-content: space-between; max-width: 20rem; color: var(--quiet);
      font-size: .78rem; }
    .card h4 { font-size: .84rem; font-weight: 600; margin: .3rem 0 .2rem; }
    .crops { list-style: none; display: grid; gap: .3rem; margin: 0 0 .4rem; padding: 0;
      grid-template-columns: repeat(auto-fill, minmax(4.6rem, 1fr)); }
    .crops button { display: block; width: 100%; padding: 0; overflow: hidden; line-height: 1.3;
      border-color: var(--line); font-size: .78rem; }
    .crops img, .crops .gone { display: block; width: 100%; aspect-ratio: 1; object-fit: contain; }
    .crops .gone { padding: .2rem; overflow: hidden; color: var(--quiet); text-align: left; }
    dialog { background: var(--paper); color: var(--ink); border: 1px solid var(--quiet);
      border-radius: 6px; width: min(34rem, calc(100vw - 2rem)); }
    dialog::backdrop { background: #0009; }
    dialog form { float: right; }
    dialog h3 { margin-top: .3rem; unicode-bidi: isolate; }
    dialog img { display: block; width: 100%; max-height: 60vh; object-fit: contain; margin-top: .8rem;
      background: var(--tint); }
    #crop-words { white-space: pre-line; font-size: .88rem; }
    @media (min-width: 48rem) {
      .filter.browse { position: sticky; top: 0; }
      .card { grid-template-columns: 17rem 1fr; }
      .crops { grid-template-columns: repeat(auto-fill, minmax(5.6rem, 1fr)); }
    }

    """
}
