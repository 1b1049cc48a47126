// Casting: the known devices, and one player for each device in use.
import { AppError } from '../base/app-error.ts';
import type { Logger } from '../base/logger.ts';
import { CAST_TIMINGS, type CastTimings } from './cast-channel.ts';
import { namedDevices, type CastDevice, type NamedDevice } from './cast-device.ts';
import type { CastItem } from './cast-item.ts';
import { CastPlayer } from './cast-player.ts';
import { DeviceSearch } from './device-search.ts';

export interface CastingOptions {
  /** Devices of the configuration, known without discovery. */
  devices: readonly NamedDevice[];
  /** Where to discover further devices; undefined: no discovery. */
  discovery: { interface?: string | undefined; port?: number } | undefined;
  log: Logger;
  timings?: CastTimings;
}

/** A player without a request for this long, and without an item of this server, closes its connection. */
const IDLE_MS = 60_000;

/** Owns the search and all connections to devices. */
export class Casting implements Disposable {
  readonly #options: CastingOptions;
  readonly #named: CastDevice[];
  readonly #search: DeviceSearch | undefined;
  readonly #players = new Map<string, { player: CastPlayer; idle: NodeJS.Timeout }>();
  #isClosed = false;

  constructor(options: CastingOptions) {
    this.#options = options;
    this.#named = namedDevices(options.devices);
    this.#search = options.discovery && new DeviceSearch({ ...options.discovery, log: options.log });
  }

  async devices(signal: AbortSignal): Promise<CastDevice[]> {
    const found = (await this.#search?.devices(signal)) ?? [];
    return [...this.#named, ...found.filter(({ id }) => !this.#named.some((named) => named.id === id))];
  }

  /** The player of a device. @throws AppError NOT_FOUND */
  async player(id: string, signal: AbortSignal): Promise<CastPlayer> {
    const known = this.#players.get(id)?.player;
    if (known?.isConnected === true) return this.#used(known);
    const device = (await this.#device(id, signal)) ?? known?.device;
    if (device === undefined) {
      throw new AppError('NOT_FOUND', 'There is no such device in the network', {
        hint: 'RAFFI_CAST_DEVICES names devices that cannot be found by themselves',
      });
    }
    const { log, timings = CAST_TIMINGS } = this.#options;
    // A concurrent call may have created the player.
    const player = this.#players.get(id)?.player ?? new CastPlayer(device, { timings, log });
    // The address of the device may have changed.
    player.moveTo(device);
    return this.#used(player);
  }

  /** Plays `item` in place of what the device plays. @throws AppError NOT_FOUND, DEVICE_FAILED */
  async play(id: string, item: CastItem, signal: AbortSignal): Promise<void> {
    await (await this.player(id, signal)).play(item, signal);
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    this.#search?.[Symbol.dispose]();
    for (const id of [...this.#players.keys()]) this.#remove(id);
  }

  async #device(id: string, signal: AbortSignal): Promise<CastDevice | undefined> {
    const named = this.#named.find((each) => each.id === id);
    return named ?? (await this.devices(signal)).find((each) => each.id === id);
  }

  #used(player: CastPlayer): CastPlayer {
    if (this.#isClosed) throw new AppError('NOT_READY', 'The server is ending');
    const { id } = player.device;
    clearTimeout(this.#players.get(id)?.idle);
    this.#players.set(id, { player, idle: this.#idleTimer(player) });
    return player;
  }

  #idleTimer(player: CastPlayer): NodeJS.Timeout {
    return setTimeout(() => {
      if (player.isUsed) this.#used(player);
      else this.#remove(player.device.id);
    }, IDLE_MS).unref();
  }

  #remove(id: string): void {
    const entry = this.#players.get(id);
    if (entry === undefined) return;
    this.#players.delete(id);
    clearTimeout(entry.idle);
    entry.player[Symbol.dispose]();
  }
}
