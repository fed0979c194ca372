// Asks as the dashboard does: any status but 2xx, and anything longer than 5 s, is "offline".
// usage: node dashboard.mjs URL [KEY]

const [url, key] = process.argv.slice(2);
const headers = {
  Accept: 'application/json, text/plain, */*',
  'User-Agent': 'ash-dash/1.0.0',
  ...(key ? { 'X-Ash-Internal-Key': key } : {}),
};

// What is no JSON stays a string, as axios leaves it.
async function get(path) {
  const response = await fetch(url + path, { headers, signal: AbortSignal.timeout(5000) });
  if (!response.ok) throw new Error(`Request failed with status code ${response.status}`);
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

for (const path of ['/health', '/metrics', '/learning_statistics', '/stats', '/status']) {
  try {
    const data = await get(path);
    const shown = typeof data === 'string' ? data.split('\n').length : Object.keys(data);
    console.log(JSON.stringify({ saw: path, online: true, type: typeof data, shown }));
  } catch (error) {
    console.log(JSON.stringify({ saw: path, online: false, error: error.message }));
  }
}
