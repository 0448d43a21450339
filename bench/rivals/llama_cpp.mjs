// llama.cpp for scripts that hold Cria against it, through the package node-llama-cpp and its ready-made library.
//
// usage: node llama_cpp.mjs < request.json
//
// The request: {"model": "m.gguf", "threads": 2, "jobs": [...]}. A job {"ids": [...], "logits": "f.f32"} writes float32
// logits [ids, vocabulary] to that file; {"ids": [...], "greedy": 256} prints one JSON line {"ids": [...]} of so many
// likeliest tokens, whether or not one of them ends the text; {"ids": [...], "depth": D, "time": N} prints {"prompt": seconds,
// "answer": seconds} for the ids after the first D and for N tokens after them, run once before to warm up. Keys and values are kept in f32 where the answer matters and
// as llama.cpp does by default where the time does. Ends with status 1 and a message where something fails.
import {readFileSync, writeFileSync} from "node:fs";
import {createRequire} from "node:module";
import {pathToFileURL} from "node:url";

// NODE_PATH is for require only; import looks beside this file.
const found = createRequire(`${process.cwd()}/`).resolve("node-llama-cpp");
const {getLlama} = await import(pathToFileURL(found).href);

async function logits(sequence, ids, file) {
    const steps = await sequence.controlledEvaluate(ids.map((id) => [id, {generateNext: {logits: true}}]));
    const vocabulary = steps[0].next.logits.size;
    const rows = new Float32Array(ids.length * vocabulary);
    steps.forEach((step, row) => {
        for (const [id, value] of step.next.logits) rows[row * vocabulary + id] = value;
    });
    writeFileSync(file, rows);
}

async function continuation(sequence, ids, count) {
    const answer = [];
    if (count === 0) return answer;
    for await (const id of sequence.evaluate(ids, {temperature: 0, yieldEogToken: true})) {
        answer.push(id);
        if (answer.length === count) break;
    }
    return answer;
}

async function time(sequence, {ids, depth, time: count}) {
    let prompt, answer;
    for (let run = 0; run < 2; ++run) {
        await sequence.clearHistory();
        if (depth > 0) await sequence.evaluateWithoutGeneratingNewTokens(ids.slice(0, depth));
        const begin = performance.now();
        const rest = count > 0 ? ids.slice(depth, -1) : ids.slice(depth);
        if (rest.length > 0) await sequence.evaluateWithoutGeneratingNewTokens(rest);
        const between = performance.now();
        await continuation(sequence, ids.slice(-1), count);
        [prompt, answer] = [(between - begin) / 1000, (performance.now() - between) / 1000];
    }
    return {prompt, answer};
}

async function run(request) {
    const llama = await getLlama({gpu: false, build: "never", logLevel: "error", maxThreads: request.threads});
    const model = await llama.loadModel({modelPath: request.model});
    const cache = request.jobs.some((job) => "time" in job)
        ? {} : {experimentalKvCacheKeyType: "F32", experimentalKvCacheValueType: "F32", flashAttention: false};
    const longest = Math.max(...request.jobs.map((job) => job.ids.length + (job.greedy ?? job.time ?? 0)));
    const context = await model.createContext({contextSize: longest + 8, threads: request.threads, ...cache});
    const sequence = context.getSequence();
    for (const job of request.jobs) {
        await sequence.clearHistory();
        if ("logits" in job) await logits(sequence, job.ids, job.logits);
        else if ("greedy" in job) console.log(JSON.stringify({ids: await continuation(sequence, job.ids, job.greedy)}));
        else console.log(JSON.stringify(await time(sequence, job)));
    }
    await llama.dispose();
}

try {
    await run(JSON.parse(readFileSync(0, "utf8")));
} catch (error) {
    console.error(`llama_cpp.mjs: ${error.message}`);
    process.exit(1);
}
