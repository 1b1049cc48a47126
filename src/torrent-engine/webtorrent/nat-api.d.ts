declare module '@silentbot1/nat-api' {
  export interface NatApiOptions {
    enablePMP: boolean;
    enableUPNP: boolean;
    /** Seconds. */
    ttl: number;
    autoUpdate: false;
    description: string;
  }

  export interface PortToMap {
    publicPort: number;
    privatePort: number;
    protocol: 'TCP' | 'UDP';
  }

  class NatApi {
    constructor(options: NatApiOptions);
    map(port: PortToMap): Promise<boolean>;
    /** Removes the mappings. */
    destroy(): Promise<unknown>;
  }
  export { NatApi as default };
}
