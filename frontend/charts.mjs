// What the pages with charts need of Vega: the parts of it, not the whole, which would bring maps, word clouds and file
// formats along. Compiled into one file by build.mjs; charts.js draws with it.
import { transforms } from "vega-dataflow";
import * as encoding from "vega-encode";
import { expressionInterpreter } from "vega-interpreter";
import { compile } from "vega-lite";
import { parse } from "vega-parser";
import * as data from "vega-transforms";
import { View } from "vega-view";
import * as layout from "vega-view-transforms";

Object.assign(transforms, data, encoding, layout);
globalThis.vega = { compile, expressionInterpreter, parse, View };
