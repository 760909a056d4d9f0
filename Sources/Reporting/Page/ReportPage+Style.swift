extension ReportPage {
  /// Light and dark, from a telephone's width on, and on paper.
  static let style = """
    :root {
      --paper: #fdfdfc; --ink: #1d1f22; --quiet: #585e66; --line: #d9dce0; --tint: #f1f3f5;
      --accent: #1f5fa8; --bar: #c8dcf2;
      --base: #0b5cad; --novel: #b83a00;
    }
    @media (prefers-color-scheme: dark) {
      :root {
        --paper: #15171a; --ink: #e6e8ea; --quiet: #a4abb3; --line: #353a40; --tint: #1f2328;
        --accent: #7db4f0; --bar: #26456a;
      }
    }
    * { box-sizing: border-box; }
    html { scroll-behavior: smooth; }
    body {
      margin: 0 auto; max-width: 76rem; padding: 0 1rem 4rem; background: var(--paper);
      color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere;
    }
    h1 { font-size: 1.7rem; line-height: 1.2; margin: 2rem 0 .3rem; }
    h2 { font-size: 1.25rem; margin: 3rem 0 .7rem; padding-top: .6rem;
      border-top: 1px solid var(--line); }
    h3 { font-size: 1rem; margin: 1.6rem 0 .5rem; }
    p { max-width: 46rem; margin: .4rem 0 .8rem; }
    header p { color: var(--quiet); margin: .1rem 0; }
    a { color: var(--accent); }
    nav { display: flex; flex-wrap: wrap; gap: .2rem 1.1rem; margin-top: .9rem; }
    nav a { padding: .15rem 0; }
    summary { cursor: pointer; padding: .3rem 0; color: var(--accent); }
    pre { background: var(--tint); padding: .8rem 1rem; border-radius: 4px; overflow-x: auto;
      font: .82rem/1.45 ui-monospace, monospace; overflow-wrap: normal; }
    code { font: inherit; }
    :focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }

    .wide { overflow-x: auto; max-width: 100%; }
    .tall { max-height: 36rem; overflow-y: auto; }
    table { border-collapse: separate; border-spacing: 0; font-size: .9rem; font-variant-numeric: tabular-nums;
      overflow-wrap: normal; }
    caption { text-align: left; color: var(--quiet); padding: .2rem 0 .5rem; max-width: 46rem; }
    .wide caption { position: sticky; left: 0; width: max-content;
      max-width: min(46rem, calc(100vw - 2rem)); }
    th, td { padding: .3rem .65rem; text-align: right; border-bottom: 1px solid var(--line); }
    th:first-child, .words { text-align: left; }
    thead th { font-weight: 600; vertical-align: bottom; }
    tbody th { font-weight: 400; unicode-bidi: isolate; }
    .wide thead th { background: var(--paper); }
    .wide tr > th:first-child { position: sticky; left: 0; background: var(--paper); z-index: 1;
      min-width: 7rem; max-width: 17rem; }
    .tall thead th { position: sticky; top: 0; z-index: 2; }
    .tall thead th:first-child { z-index: 3; }
    .notes { color: var(--quiet); font-size: .88rem; padding-left: 1.4rem; }
    .notes li:target { color: var(--ink); }
    .paper td, .paper th { color: var(--quiet); }
    .paper th[scope=rowgroup] { padding-top: 1rem; font-size: .84rem; max-width: none; }
    .paper th[scope=rowgroup] span { position: sticky; left: .65rem; display: inline-block;
      max-width: min(46rem, calc(100vw - 3.5rem)); }
    .paper .same td, .paper .same th { color: var(--ink); font-weight: 600; }
    td.bar { min-width: 6.5rem; background: linear-gradient(var(--bar), var(--bar)) no-repeat
      left .2rem bottom .2rem / calc(var(--v) * (100% - 4rem) / 100) calc(100% - .4rem); }
    .counts td, .counts th { text-align: left; }

    th button { all: unset; cursor: pointer; white-space: nowrap; }
    th button:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
    th button::after { content: "\\2195"; color: var(--quiet); padding-left: .3em; }
    th[aria-sort=ascending] button::after { content: "\\2191"; color: var(--accent); }
    th[aria-sort=descending] button::after { content: "\\2193"; color: var(--accent); }
    .filter { display: flex; flex-wrap: wrap; gap: .5rem 1.1rem; align-items: baseline;
      margin-bottom: .6rem; }
    .filter[hidden] { display: none; }
    .filter output { color: var(--quiet); }
    input[type=search], select { font: inherit; color: inherit; background: var(--tint);
      border: 1px solid var(--quiet); border-radius: 4px; padding: .2rem .4rem; max-width: 100%; }

    .warning { border-left: 3px solid var(--novel); padding-left: .7rem; }
    .curves { display: grid; gap: .6rem; margin-bottom: 1.2rem;
      grid-template-columns: repeat(auto-fill, minmax(min(100%, 19rem), 1fr)); }
    figure { margin: 0; min-width: 0; }
    .curves svg { display: block; width: 100%; height: auto; max-width: 26rem; }
    .curves text, .curves tspan { fill: var(--ink); font: 11px system-ui, sans-serif; }
    .curves text[fill], .curves tspan { fill: var(--quiet); }
    .curves path { stroke: var(--line); }
    .curves polyline { stroke: var(--accent); }
    .curves circle { fill: var(--accent); }
    .curves figcaption { color: var(--quiet); font-size: .82rem; line-height: 1.35;
      max-width: 24rem; }

    """ + scenesStyle + paperStyle

  private static let scenesStyle = """
    .layers { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; border: 1px solid var(--line);
      border-radius: 4px; margin: 0 0 .6rem; padding: .3rem .8rem .5rem; min-width: 0; }
    .legend { list-style: none; display: flex; flex-wrap: wrap; gap: .3rem 1.3rem; padding: 0;
      margin: 0 0 .8rem; font-size: .88rem; color: var(--quiet); }
    .legend .box { display: inline-block; width: 1.7rem; height: 1rem; vertical-align: -.15rem;
      background-color: #777; }
    .gallery { display: grid; gap: 1rem 1.1rem;
      grid-template-columns: repeat(auto-fill, minmax(min(100%, 21rem), 1fr)); }
    .scene { break-inside: avoid; }
    .scene figcaption { font-size: .86rem; padding-top: .3rem; }
    .scene .file { color: var(--quiet); }
    .picture { position: relative; isolation: isolate; overflow: hidden; background: var(--tint); }
    .picture img { display: block; width: 100%; height: 100%; }
    .unreadable { padding: 1rem; }
    .drawing { position: absolute; inset: 0; width: 100%; height: 100%; --c: #fff; --t: #111;
      font-family: "DejaVu Sans", system-ui, sans-serif; }
    .drawing path { fill: var(--c); fill-opacity: .4; }
    .drawing .line { fill: none; stroke: var(--c); }
    .drawing .halo { fill: none; stroke: #000b; }
    .drawing .label rect { fill: var(--c); }
    .drawing .label text { fill: var(--t); }
    .drawing .label.truth rect { stroke: #000b; }
    .legend .box { --c: var(--base); border: 2px solid var(--c); }
    .legend .box.novel { --c: var(--novel); border-style: dashed; }
    .legend .box.truth { --c: #fff; box-shadow: 0 0 0 1px #000b, inset 0 0 0 1px #000b; }
    #scenes:has(#layer-both:checked) .picture .truth.found,
    #scenes:has(#layer-detections:checked) .picture .truth,
    #scenes:has(#layer-truth:checked) .picture .detection { display: none; }

    """

  private static let paperStyle = """
    @media print {
      :root { --paper: #fff; --ink: #000; --quiet: #444; --line: #bbb; --tint: #f3f3f3;
        --accent: #1f5fa8; --bar: #c8dcf2; }
      body { max-width: none; padding: 0; font-size: 10pt;
        print-color-adjust: exact; -webkit-print-color-adjust: exact; }
      nav, .filter, .layers { display: none; }
      .wide, .tall { overflow: visible; max-height: none; }
      .wide tr > th, .tall thead th { position: static; }
      th button::after { content: none; }
      .gallery { grid-template-columns: repeat(3, 1fr); }
      h2, h3 { break-after: avoid; }
    }

    """
}
