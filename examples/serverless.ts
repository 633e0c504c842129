/**
 * A function of a server without a disk, in the form that workers of clouds and Deno have: it keeps a trained model and answers with predictions. One
 * thread, as such places allow; kernels come with the code. Run by itself it asks itself once.
 */
import { adam, layers, sequential } from 'lanewise';

const model = sequential([layers.dense({ units: 1, inputShape: [1] })], { seed: 1 });
const ready = (async () => {
  await model.compile({ optimizer: adam({ learningRate: 0.1 }), loss: 'meanSquaredError', threads: 1 });
  const celsius = Array.from({ length: 50 }, (_, i) => [i / 50]);
  await model.fit(celsius, celsius.map(([x]) => [1.8 * x! + 0.32]), { epochs: 60, batchSize: 10 }); // or decodeModel(bytes) of a file
})();

const server = {
  async fetch(request: Request): Promise<Response> {
    await ready;
    const { celsius } = (await request.json()) as { celsius: number };
    const { data } = await model.predict([[celsius / 100]]);
    return Response.json({ fahrenheit: Number((100 * data[0]!).toFixed(1)) });
  },
};
export default server;

const answer = await server.fetch(new Request('http://localhost/', { method: 'POST', body: JSON.stringify({ celsius: 25 }) }));
console.log(await answer.text());
