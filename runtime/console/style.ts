/** The look of every page: light and dark as the reader has it, on paper without what only a screen needs. */
export const STYLE = `
:root{color-scheme:light dark;--ink:#1b1f1d;--soft:#59625d;--paper:#fbfcfa;--line:#d5dbd6;--green:#0b7a53;--band:#0b7a5326;--bar:#2f6fb3;--ran:#7d8a83;--warn:#a33c00;--demo:#6a3fa0}
@media (prefers-color-scheme:dark){:root{--ink:#e6ebe7;--soft:#a3aea7;--paper:#131715;--line:#333b37;--green:#4fd3a0;--band:#4fd3a033;--bar:#7db4ee;--ran:#8b968f;--warn:#ff9d66;--demo:#c6a4ff}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
header,main,footer{max-width:1080px;margin:0 auto;padding:.75rem 1rem}
header{display:flex;flex-wrap:wrap;gap:.5rem 1.25rem;align-items:baseline}
h1{font-size:1.3rem;margin:0}h2{font-size:1.15rem;border-bottom:1px solid var(--line);padding-bottom:.25rem;margin:2rem 0 .75rem}
h3{font-size:1rem;margin:1rem 0 .25rem}h4{font-size:.95rem;margin:1rem 0 .25rem}
nav a{margin-right:1rem}nav a[aria-current]{font-weight:600;text-decoration:none}
a{color:var(--green)}a.figure{color:inherit;text-decoration-color:var(--line);text-underline-offset:.2em}a.figure:hover{text-decoration-color:currentcolor}
:focus-visible{outline:2px solid var(--bar);outline-offset:2px}
.skip{position:absolute;left:-999rem}.skip:focus{left:1rem}
.push{margin-left:auto}.note{color:var(--soft);font-size:.9em}
.big{font-size:1.7rem;margin:.25rem 0}.big span{font-size:.95rem;color:var(--soft)}
.badge{font-size:.75rem;font-weight:600;border:1px solid;border-radius:.25rem;padding:0 .35rem;vertical-align:middle}
.badge.demo{color:var(--demo)}.badge.warn{color:var(--warn)}
button{font:inherit;color:inherit;background:transparent;border:1px solid var(--line);border-radius:.3rem;padding:.1rem .6rem;cursor:pointer}
button[aria-pressed=false]{color:var(--warn)}
figure{margin:0 0 1.5rem}svg.chart{width:100%;height:auto;font-size:12px}
svg text{fill:var(--soft)}svg a text{fill:var(--ink)}svg text.now{fill:var(--warn)}
svg .grid{stroke:var(--line)}svg .now{stroke:var(--warn);stroke-dasharray:3 3}svg text.now{stroke:none}
svg .band{fill:var(--band)}svg polyline{fill:none;stroke-width:2}svg .past{stroke:var(--ran)}svg .ahead{stroke:var(--green)}
svg .planned{fill:var(--bar)}svg .ran{fill:var(--ran)}svg .window{stroke:var(--line);stroke-width:2}svg .deadline{stroke:var(--warn);stroke-width:2;fill:none}
svg .hit{fill:transparent}svg a:hover .hit,svg a:focus .hit{fill:var(--band)}svg a{text-decoration:none}
.detail{min-height:3em;border-left:3px solid var(--line);padding-left:.6rem;color:var(--soft)}
dl{display:grid;grid-template-columns:repeat(auto-fit,minmax(230px,1fr));gap:.35rem 1.25rem;margin:.5rem 0;font-size:.9em}
dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.9em}caption{text-align:left;color:var(--soft);padding:.25rem 0}
th,td{text-align:left;padding:.25rem .6rem .25rem 0;border-bottom:1px solid var(--line);vertical-align:top}thead th{color:var(--soft);font-weight:500}tbody th{font-weight:500}
@media print{:root{color-scheme:light;--ink:#000;--soft:#333;--paper:#fff;--line:#bbb;--green:#0b7a53;--band:#0b7a5326;--bar:#2f6fb3;--ran:#7d8a83;--warn:#a33c00;--demo:#6a3fa0}
nav,button,.skip,.detail{display:none}header,main,footer{max-width:none;padding:0}figure,tr,dl{break-inside:avoid}h2,h3{break-after:avoid}.scroll{overflow:visible}a{color:inherit;text-decoration:none}@page{margin:16mm}}
`;
