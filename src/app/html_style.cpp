// The style sheet of the page: light and dark, 360 px to wide, printable, no external resource.
#include "app/report_html.h"

namespace sekisho {

std::string_view html_style() {
  return R"css(
:root{color-scheme:light dark;--bg:#f6f5f2;--card:#fff;--ink:#1d1f24;--soft:#5a5f6b;--line:#dedbd3;--track:#ebe8e1;--accent:#24476b;--link:#1c5a97;
--critical:#a5122a;--high:#b3341b;--medium:#8a5a00;--low:#1f6178;--info:#5a5f6b;--good:#1d6b3f;
--critical-bg:#fbe9eb;--high-bg:#fceee9;--medium-bg:#faf1dd;--low-bg:#e6f1f5;--info-bg:#eeeef0;--good-bg:#e7f3ec;--area:#4d79a8}
@media (prefers-color-scheme:dark){:root{--bg:#14161a;--card:#1c1f25;--ink:#e8e6e1;--soft:#a2a8b4;--line:#31353e;--track:#2a2e36;--accent:#9dc1e6;--link:#8fbdf0;
--critical:#ff8a98;--high:#ff9e83;--medium:#f0c063;--low:#84cbe2;--info:#a2a8b4;--good:#82d3a4;
--critical-bg:#3a171d;--high-bg:#38201a;--medium-bg:#332914;--low-bg:#152d36;--info-bg:#262a31;--good-bg:#16301f;--area:#5f8fc2}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--bg);color:var(--ink);font:16px/1.55 system-ui,"Segoe UI",Roboto,"Helvetica Neue",Arial,"DejaVu Sans",sans-serif;overflow-wrap:anywhere}
main,header.top,footer{max-width:62rem;margin:0 auto;padding:0 1.25rem}
a{color:var(--link)}
a:focus-visible,summary:focus-visible{outline:3px solid var(--link);outline-offset:2px;border-radius:3px}
h1,h2,h3{line-height:1.25;margin:0}
h2{font-size:1.35rem}
h3{font-size:.8rem;letter-spacing:.06em;text-transform:uppercase;color:var(--soft);font-weight:600;margin:1.4rem 0 .5rem}
header.top{display:flex;align-items:baseline;gap:.7rem;padding-top:1.1rem;padding-bottom:.9rem;color:var(--soft)}
header.top b,header.top .seal{flex:none}
header.top b{white-space:nowrap;color:var(--ink);font-size:1.05rem;letter-spacing:.02em}
header.top .seal{display:inline-block;width:.8em;height:.8em;border:.2em solid var(--critical);border-bottom:0;align-self:center}
.card{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:1.4rem 1.5rem;margin:0 0 1.25rem}
.verdict{border-left:8px solid var(--tone);background:var(--tone-bg)}
.verdict .word{display:inline-block;font-weight:700;letter-spacing:.08em;color:var(--tone);font-size:.95rem;margin-bottom:.35rem}
.verdict h1{font-size:1.55rem;font-weight:650;letter-spacing:-.01em}
.verdict p{margin:.6rem 0 0}
.warn{color:var(--medium);font-weight:600}
.t-critical{--tone:var(--critical);--tone-bg:var(--critical-bg)}.t-high{--tone:var(--high);--tone-bg:var(--high-bg)}
.t-medium{--tone:var(--medium);--tone-bg:var(--medium-bg)}.t-low{--tone:var(--low);--tone-bg:var(--low-bg)}
.t-info{--tone:var(--info);--tone-bg:var(--info-bg)}.t-good{--tone:var(--good);--tone-bg:var(--good-bg)}
.taking{background:var(--critical);color:#fff;border:0}
.taking .word,.taking h1{color:#fff}
@media (prefers-color-scheme:dark){.taking{background:#8e1226}}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.5rem,1fr));gap:1px;background:var(--line);border:1px solid var(--line);border-radius:10px;overflow:hidden;margin:0 0 1.25rem}
.tiles div{background:var(--card);padding:.8rem 1rem}
.tiles dt,.facts dt{color:var(--soft);font-size:.8rem}
.tiles dd{margin:0;font-size:1.15rem;font-weight:600;font-variant-numeric:tabular-nums}
dl{margin:0}
nav.card{padding-top:.6rem;padding-bottom:.6rem}
nav ol{list-style:none;margin:0;padding:0}
nav li+li{border-top:1px solid var(--line)}
nav a{display:grid;grid-template-columns:6.2rem 1fr auto;gap:.8rem;align-items:baseline;padding:.5rem 0;text-decoration:none;color:inherit}
nav a:hover .name{text-decoration:underline}
nav .num{color:var(--soft);font-variant-numeric:tabular-nums;font-size:.9rem}
.sev{display:inline-block;font-size:.75rem;font-weight:700;letter-spacing:.05em;text-transform:uppercase;color:var(--tone);background:var(--tone-bg);border:1px solid currentColor;border-radius:99px;padding:.08rem .6rem;white-space:nowrap}
.incident{border-top:4px solid var(--tone)}
.incident>header{display:flex;flex-wrap:wrap;gap:.4rem .8rem;align-items:center}
.incident>header h2{flex:1 1 16rem}
.incident>header code{color:var(--soft);font-size:.85rem}
.headline{margin:.6rem 0 0;font-size:1.06rem}
.do{margin:1rem 0 0;padding:.8rem 1rem;border-radius:8px;background:var(--tone-bg);border-left:4px solid var(--tone)}
.do b{display:block;font-size:.8rem;letter-spacing:.06em;text-transform:uppercase;color:var(--tone)}
.facts{display:grid;grid-template-columns:8.5rem 1fr;gap:.3rem 0;margin-top:1.1rem}
.facts dt{font-size:.9rem;padding-right:1rem;line-height:1.65rem}.facts dd{margin:0}
.facts dt,.facts dd{padding-top:.3rem;border-top:1px solid var(--line)}
.facts dt:first-of-type,.facts dd:first-of-type{border-top:0}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,19rem),1fr));gap:0 2rem}
.pair>div{min-width:0}
ul.plain{list-style:none;margin:0;padding:0}
ul.plain li{padding-left:1.4rem;position:relative;margin:.25rem 0}
ul.plain li::before{position:absolute;left:.1rem;font-weight:700}
ul.why li::before{content:"+";color:var(--tone)}
ul.but li::before{content:"\2212";color:var(--soft)}
table{border-collapse:collapse;width:100%;font-size:.92rem;font-variant-numeric:tabular-nums}
th{font-weight:600;text-align:left;color:var(--soft);font-size:.8rem}
th,td{padding:.28rem .6rem .28rem 0;vertical-align:baseline;border-bottom:1px solid var(--line)}
tr:last-child td{border-bottom:0}
.n{text-align:right;white-space:nowrap}
td.b{width:34%;min-width:4rem;padding-right:0}
.peers td.b{width:18%;min-width:2.5rem}
.bar{display:block;width:100%;height:.6rem}
.bar .track{fill:var(--track)}.bar .fill{fill:var(--area)}
.bar.tone .fill{fill:var(--tone)}
code{font-family:ui-monospace,"SF Mono","Cascadia Mono","DejaVu Sans Mono",Menlo,monospace;font-size:.92em}
figure{margin:1.2rem 0 0}
figcaption{color:var(--soft);font-size:.85rem;margin-bottom:.4rem}
.frame{display:grid;grid-template-columns:auto 1fr;gap:.3rem .6rem}
.frame svg{width:100%;height:11rem;border-left:1px solid var(--soft);border-bottom:1px solid var(--soft)}
.frame .y{display:flex;flex-direction:column;justify-content:space-between;text-align:right;font-size:.78rem;color:var(--soft);white-space:nowrap;line-height:1}
.frame .x{grid-column:2;display:flex;justify-content:space-between;font-size:.78rem;color:var(--soft)}
.area{fill:var(--tone);fill-opacity:.28;stroke:var(--tone);stroke-width:1.5;vector-effect:non-scaling-stroke}
.grid{stroke:var(--line);stroke-width:1;vector-effect:non-scaling-stroke;fill:none}
.decided{stroke:var(--ink);stroke-width:1.5;stroke-dasharray:3 3;vector-effect:non-scaling-stroke;fill:none}
.legend{margin:.3rem 0 0;font-size:.82rem;color:var(--soft)}
.legend .key{display:inline-block;height:.9em;border-left:2px dashed var(--ink);margin-right:.5em;vertical-align:-.1em}
details{margin-top:.6rem}
summary{cursor:pointer;color:var(--link);font-size:.9rem}
details table,details p{margin-top:.4rem}
.tags{display:flex;flex-wrap:wrap;gap:.4rem;margin:0;padding:0;list-style:none}
.tags li{border:1px solid var(--line);border-radius:6px;padding:.05rem .5rem;font-size:.88rem}
footer{color:var(--soft);font-size:.85rem;padding-top:.3rem;padding-bottom:2rem}
@media (max-width:34rem){body{font-size:15px}main,header.top,footer{padding-left:.75rem;padding-right:.75rem}.card{padding:1.05rem 1rem}.verdict h1{font-size:1.25rem}
.facts{grid-template-columns:1fr;gap:0}.facts dd{border-top:0;padding:0 0 .5rem}.facts dt{border-top:1px solid var(--line)}
nav a{grid-template-columns:1fr auto;gap:.1rem .8rem}nav .name{grid-column:1/-1;grid-row:2}nav .num{grid-row:1;grid-column:2}.facts dt{line-height:1.3rem}.peers td.b,.peers th.b{display:none}.frame svg{height:8.5rem}.x span:nth-child(2){display:none}.tiles{grid-template-columns:1fr 1fr}.tiles div:last-child:nth-child(odd){grid-column:1/-1}}
@media print{:root{--bg:#fff;--card:#fff;--ink:#000;--soft:#444;--line:#bbb}body{font-size:10.5pt}.card{border-color:#999;break-inside:auto}.do,figure,.verdict,tr{break-inside:avoid}
h2,h3{break-after:avoid}summary{display:none}nav{display:none}*{-webkit-print-color-adjust:exact;print-color-adjust:exact}}
)css";
}

}  // namespace sekisho
