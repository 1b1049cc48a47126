// What is used of undici, as a module that is imported when the first request is made: it takes 8 MB. (A dynamic import of the package itself
// has no named exports in a bundle.)
export { Agent, buildConnector, fetch } from 'undici';
